/// @file  Member: one process of the directory, connected or expected back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/loop.hpp"
#include "session/rate_budget.hpp"
#include "wire/messages.hpp"

namespace daffi::controller {

class Session;

/// Strand: the loop's thread. Owned by the MemberTable; its session is not.
struct Member {
  explicit Member(net::Loop& loop, session::Rate cancel_rate = session::kCancelRate,
                  session::Rate control_rate = session::kControlRate)
      : cancels(cancel_rate, loop.clock().now()), control(control_rate, loop.clock().now()), grace(loop) {}

  std::uint32_t id() const { return entry.member_id; }
  bool suspended() const { return session == nullptr; }

  wire::MemberEntry entry;  ///< as the directory shows it
  wire::InstanceToken instance{};
  std::map<std::uint32_t, std::vector<std::string>> closed;  ///< who may call, by callback id; not those open to all
  bool refusal_logged = false;                               ///< somebody was told that he may not call something
  bool observer = false;               ///< only calls and looks: others know it, but do not list it
  Session* session = nullptr;          ///< null while its connection is lost
  std::uint64_t joined = 0;            ///< ascending in joining order
  std::uint64_t changed = 0;           ///< the sequence number of its latest change
  std::size_t registered_size = 0;     ///< names and descriptors, encoded
  std::size_t documentation_size = 0;  ///< of all texts kept
  std::unordered_map<std::uint32_t, std::string> documentation;  ///< by callback id
  wire::Register partial;                                        ///< register frames whose last one has not come
  std::size_t partial_size = 0;
  session::RateBudget cancels;  ///< calls that it makes and takes back
  session::RateBudget control;  ///< pings, questions, announcements
  net::Timer grace;             ///< runs while suspended
};

}  // namespace daffi::controller
