/// @file  SignalWatch: SIGINT and SIGTERM as something a thread can wait for.
#pragma once

#include <csignal>

#include "net/descriptor.hpp"

namespace daffi::global_ {

/// From the first watch on, for as long as there is one, SIGINT and SIGTERM make every watch's descriptor readable
/// instead of ending the process; the second one of them ends it at once with status 128 plus its number. The last
/// watch puts the previous handlers back. Both signals are unblocked in the thread that makes a watch, which is the one
/// that destroys it. Threads: any.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// Blocks until a signal has come (true) or `other` is readable
  /// (false).
  bool wait(int other) const;

 private:
  void unblock();

  sigset_t before_;
};

}  // namespace daffi::global_
