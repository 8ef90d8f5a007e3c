/// @file  The machine's clocks, and arithmetic on deadlines that cannot overflow.
#include "base/clock.hpp"

namespace daffi::base {
namespace {

class SystemClock final : public Clock {
 public:
  SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace

const Clock& Clock::system() {
  static const SystemClock clock;
  return clock;
}

Deadline Deadline::in(const Clock& clock, Duration after) {
  const SteadyTime now = clock.now();
  if (after <= Duration::zero()) return {now};
  return after < SteadyTime::max() - now ? Deadline{now + after} : never();
}

Duration Deadline::left(SteadyTime now) const {
  if (is_never()) return Duration::max();
  return passed(now) ? Duration::zero() : at - now;
}

}  // namespace daffi::base
