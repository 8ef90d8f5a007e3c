/// @file  WaitSets: two epoll sets that share one socket, so that a waiting caller is woken before any handler thread.
#pragma once

#include <atomic>
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
  /// From now on handler threads are not told of input: it waits until a blocked caller comes for it. Ended by
  /// share_input(), which tells one of them of what has come since, and by attach().
  void leave_input_to_callers();
  void share_input();
  bool input_left_to_callers() const { return left_to_callers_.load(); }

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
  base::Mutex mutex_;
  int socket_ DAFFI_GUARDED_BY(mutex_) = -1;
  int write_ DAFFI_GUARDED_BY(mutex_) = -1;   // duplicate of the socket, so that it can wait apart for room
  std::atomic<bool> left_to_callers_{false};  // the worker set lacks the socket; changed under the mutex
};

}  // namespace daffi::net
