/// @file  Pump: how a wait on a test cluster's thread makes things happen instead of sleeping.
#pragma once

#include <functional>

namespace daffi::global_ {

/// Threads: the one it was installed on.
class Pump {
 public:
  virtual ~Pump() = default;
  /// Runs events, and moves the fake clock when there are none, until `done()`. Throws Error (system) when nothing can
  /// happen any more.
  virtual void run_until(const std::function<bool()>& done) = 0;
};

/// The innermost pump of the calling thread; nullptr outside of clusters.
Pump* current_pump();

/// Installs a pump on this thread for a scope.
class PumpScope {
 public:
  explicit PumpScope(Pump& pump);
  ~PumpScope();
  PumpScope(const PumpScope&) = delete;
  PumpScope& operator=(const PumpScope&) = delete;

 private:
  Pump* before_;
};

}  // namespace daffi::global_
