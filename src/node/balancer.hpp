/// @file  Balancer: which of several holders takes the next call.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "daffi/detail/invocation.hpp"
#include "node/holder.hpp"

namespace daffi::node {

/// How many calls of this node a member has not answered yet.
struct PendingCounts {
  virtual ~PendingCounts() = default;
  virtual std::uint32_t pending_on(MemberId member) const = 0;
};

/// Threads: any; no lock.
class Balancer {
 public:
  Balancer();
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;

  /// The index into `holders` of the one to try; never a member in `tried`, never a suspended or draining one. Among
  /// holders with different signatures one that accepts the arguments, if any does. Sticky: the same process for a key
  /// as long as that process can be chosen, whoever else comes and goes; without a key as round robin. Nothing: none
  /// can be chosen now.
  std::optional<std::size_t> choose(const std::vector<Holder>& holders, const detail::CallSpec& spec,
                                    detail::Balance mode, const std::vector<MemberId>& tried,
                                    const PendingCounts& pending);

 private:
  // One counter per callback name, found by hash and never removed. A name that finds no place in the table is balanced
  // at random.
  static constexpr std::size_t kSlots = 1024;
  static constexpr std::size_t kProbes = 16;
  struct Slot {
    std::atomic<std::uint64_t> name_hash{0};
    std::atomic<std::uint32_t> turn{0};
  };
  std::size_t next_turn(std::string_view callback);

  std::array<Slot, kSlots> slots_;
};

}  // namespace daffi::node
