/// @file  Member: one process of the directory, connected or expected back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "net/loop.hpp"
#include "wire/messages.hpp"

namespace daffi::controller {

class Session;

/// Strand: the loop's thread. Owned by the MemberTable; its session is not.
struct Member {
  explicit Member(net::Loop& loop) : grace(loop) {}

  std::uint32_t id() const { return entry.member_id; }
  bool suspended() const { return session == nullptr; }

  wire::MemberEntry entry;  ///< as the directory shows it
  wire::InstanceToken instance{};
  bool observer = false;               ///< only calls and looks: others know it, but do not list it
  Session* session = nullptr;          ///< null while its connection is lost
  std::uint64_t joined = 0;            ///< ascending in joining order
  std::uint64_t changed = 0;           ///< the sequence number of its latest change
  std::size_t registered_size = 0;     ///< names and descriptors, encoded
  std::size_t documentation_size = 0;  ///< of all texts kept
  std::unordered_map<std::uint32_t, std::string> documentation;  ///< by callback id
  wire::Register partial;                                        ///< register frames whose last one has not come
  std::size_t partial_size = 0;
  net::Timer grace;  ///< runs while suspended
};

}  // namespace daffi::controller
