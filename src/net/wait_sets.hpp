/// @file  WaitSets: two epoll sets that share one socket, so that a waiting caller is woken before any handler thread.
#pragma once

#include <memory>

#include "base/annotations.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace daffi::net {

/// Why a wait returned. Several may hold at once; after every return the caller tries to read (the kernel may have
/// given the socket's event to this set and told nobody else).
struct Wake {
  bool stopped = false;   ///< stop() was called
  bool ticked = false;    ///< the tick timer ran out (handler threads only)
  bool writable = false;  ///< the socket takes bytes again (handler threads only)
  bool timed_out = false;
  bool interrupted = false;  ///< by a signal
};

/// The user set holds blocked callers, the worker set handler threads. Both watch the socket edge-triggered and
/// exclusively, the user set first: the kernel then wakes a waiting caller, and a handler thread only when no caller
/// waits. Threads: any; attach() and detach() by one thread at a time.
class WaitSets {
 public:
  static base::Result<std::unique_ptr<WaitSets>> create();
  ~WaitSets();
  WaitSets(const WaitSets&) = delete;
  WaitSets& operator=(const WaitSets&) = delete;

  base::Result<void> attach(int fd);
  /// Afterwards no wait reports this descriptor any more.
  void detach(int fd);

  /// Waits for input or wake_user(). A zero span polls.
  Wake wait_user(base::Duration span);
  /// Waits for input, kick_worker(), the tick, or room to write. One event wakes one thread.
  Wake wait_worker(base::Duration span);

  void wake_user();
  void kick_worker();
  /// Reports `ticked` to one handler thread, once, after `span`. Setting it again moves it.
  void arm_tick(base::Duration span);
  /// Reports `writable` once, when the attached socket takes bytes again.
  void arm_writable();
  /// From now on every wait returns at once.
  void stop();

 private:
  WaitSets() = default;
  int user_ = -1, worker_ = -1;            // epoll
  int wake_ = -1, kick_ = -1, stop_ = -1;  // eventfd
  int tick_ = -1;                          // timerfd
  base::Mutex write_mutex_;
  int write_ = -1;  // duplicate of the attached socket, so that it can wait apart for room
};

}  // namespace daffi::net
