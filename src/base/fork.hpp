/// @file  What becomes of things with threads when the process forks: the child has none of the threads, and must know.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/annotations.hpp"

namespace daffi::base {

namespace detail {
// Grows in every child. Changed only while a process has one thread, so any order will do for reading it.
inline constinit std::atomic<std::uint32_t> fork_generation{0};
}  // namespace detail

/// From now on nobody else holds `mutex` at the moment of a fork, so that the child finds it free. For one that lives
/// as long as the process, and under which no other is taken. Threads: any.
void keep_free_across_fork(Mutex& mutex);

/// Remembers the process that it was made in. Costs a load to ask. Immutable. Threads: any.
class HomeProcess {
 public:
  HomeProcess();
  /// True in a child of that process, which has a copy of the memory around this and none of the threads that use it:
  /// no lock there may ever come free, and no wait there may ever end.
  bool left() const { return generation_ != detail::fork_generation.load(std::memory_order_relaxed); }

 private:
  const std::uint32_t generation_;
};

}  // namespace daffi::base
