/// @file  RateBudget: so much at once, and so much per second, of what costs its sender nothing.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace daffi::session {

/// How much one peer may ask for. Value.
struct Rate {
  std::uint64_t burst = 0;       ///< at once, after a time of rest
  std::uint64_t per_second = 0;  ///< in the long run
};

/// Cancelled calls of one member: as much as a process that gives up all its pending calls eight times over.
inline constexpr Rate kCancelRate{.burst = 524'288, .per_second = 131'072};
/// Pings, questions and announcements of one peer.
inline constexpr Rate kControlRate{.burst = 131'072, .per_second = 16'384};
/// What an announcement costs of it, or a question for the whole directory: it makes work for all members.
inline constexpr std::uint64_t kCostly = 8;

/// Full at the start. Exact to a millisecond, in favour of who spends. Strand: its owner's.
class RateBudget {
 public:
  RateBudget(Rate rate, base::SteadyTime now) : rate_(rate), left_(rate.burst), since_(now) {}

  /// Takes `cost` out; false: it is not there, and what is there stays.
  bool spend(base::SteadyTime now, std::uint64_t cost = 1) {
    if (left_ < cost) [[unlikely]] {
      refill(now);
      if (left_ < cost) return false;
    }
    left_ -= cost;
    return true;
  }
  /// As full as it can be by then: nobody need remember it.
  bool rested(base::SteadyTime now) {
    refill(now);
    return left_ == rate_.burst;
  }

 private:
  void refill(base::SteadyTime now);

  Rate rate_;
  std::uint64_t left_;
  base::SteadyTime since_;  ///< what came in is counted up to then
};

}  // namespace daffi::session
