/// @file  Clock: the only reader of time, so that a test can hold it still. Deadline: a point on it, or never.
#pragma once

#include <chrono>

namespace daffi::base {

using Duration = std::chrono::nanoseconds;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime now() const = 0;
  virtual WallTime wall() const = 0;
  /// The machine's clocks; lives as long as the process.
  static const Clock& system();
};

/// A moment after which nobody waits. Value.
struct Deadline {
  SteadyTime at = SteadyTime::max();

  static Deadline never() { return {}; }
  /// `after` from now; a zero or negative `after` has passed already; a span too large to add is never.
  static Deadline in(const Clock& clock, Duration after);
  bool is_never() const { return at == SteadyTime::max(); }
  bool passed(SteadyTime now) const { return at <= now; }
  /// What is left, zero when it has passed, Duration::max() when it never passes.
  Duration left(SteadyTime now) const;
  static Deadline earlier(Deadline a, Deadline b) { return a.at < b.at ? a : b; }
};

}  // namespace daffi::base
