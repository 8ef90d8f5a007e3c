/// @file  WaitInterrupt: a signal may end the waits of a thread whose language wants to handle it.
#pragma once

namespace daffi::rpc {

/// While one lives, waits of its thread ask `check` whenever a signal interrupted them, and about once a second (a
/// signal may come just before the wait begins); when it says true they end as if their time were up, the later ones
/// too. Resource of the thread that made it; the innermost counts. `check` runs under no lock.
class WaitInterrupt {
 public:
  /// nullptr: nothing interrupts, whatever the outer ones say; for waits whose end others rely on.
  using Check = bool (*)();
  explicit WaitInterrupt(Check check);
  ~WaitInterrupt();
  WaitInterrupt(const WaitInterrupt&) = delete;
  WaitInterrupt& operator=(const WaitInterrupt&) = delete;

  /// True: there is one on this thread.
  static bool wanted();
  /// Asks; true from then on.
  static bool ask();
  /// What the last ask() said.
  static bool happened();

 private:
  const Check check_;
  bool happened_ = false;
  WaitInterrupt* const outer_;
};

}  // namespace daffi::rpc
