/// @file  FakeClock: time that moves only when a test says so.
#pragma once

#include <atomic>

#include "base/clock.hpp"

namespace daffi::base {

/// Starts one hour after the steady clock's epoch, at 2030-01-01 00:00:00 UTC on the wall. Threads: any.
class FakeClock final : public Clock {
 public:
  SteadyTime now() const override { return SteadyTime(Duration(now_.load())); }
  WallTime wall() const override { return WallTime(Duration(wall_.load())); }

  /// Moves both clocks together, as time does.
  void advance(Duration by) {
    advance_steady(by);
    advance_wall(by);
  }
  /// Moves one of them alone: a steady clock that runs while the wall clock stands, or a wall clock that was reset.
  void advance_steady(Duration by) { now_ += by.count(); }
  void advance_wall(Duration by) { wall_ += by.count(); }
  void set_now(SteadyTime to) { now_ = to.time_since_epoch().count(); }
  void set_wall(WallTime to) { wall_ = to.time_since_epoch().count(); }

 private:
  std::atomic<Duration::rep> now_{Duration(std::chrono::hours(1)).count()};
  std::atomic<Duration::rep> wall_{Duration(std::chrono::seconds(1'893'456'000)).count()};
};

}  // namespace daffi::base
