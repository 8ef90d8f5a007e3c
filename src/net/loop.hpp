/// @file  Loop: one thread's events, posted tasks and timers. Real (epoll), or virtual under a fake clock in tests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace daffi::net {

/// What a descriptor or stream became since it was last asked. Edge-triggered: handle all of it.
struct Ready {
  bool readable = false;  ///< bytes, or the end of them
  bool writable = false;
  bool ended = false;  ///< the peer has closed its end: read on until read() says so, nothing else will
};

/// Told when what it watches becomes ready. Strand: the loop's thread.
class Watcher {
 public:
  virtual void on_ready(Ready ready) = 0;

 protected:
  ~Watcher() = default;
};

/// Work that several events of one round share, a flush for example. Strand: the loop's thread.
class Deferred {
 public:
  virtual void run_deferred() = 0;

 protected:
  ~Deferred() = default;

 private:
  friend class DeferredList;
  bool queued_ = false;
};

using TimerId = std::uint64_t;

/// Threads: post() and clock() any; the rest only on the loop's own thread (or before it runs).
class Loop {
 public:
  virtual ~Loop() = default;
  virtual const base::Clock& clock() const = 0;

  /// Runs `task` on the loop's thread, in order of posting. Never blocks. A task posted after the loop ended is
  /// dropped.
  virtual void post(std::function<void()> task) = 0;
  /// True on the thread that runs the loop; before it runs, on the thread that made it.
  virtual bool in_loop_thread() const = 0;

  /// Runs `task` once at or after `at`; 0 is never a valid id. Cancelling a timer that has run is harmless.
  virtual TimerId add_timer(base::SteadyTime at, std::function<void()> task) = 0;
  virtual void cancel_timer(TimerId id) = 0;

  /// Runs `deferred` once, after every event in hand has been handled; asking again before that changes nothing.
  virtual void defer(Deferred& deferred) = 0;
  /// Takes back a pending defer(), for a Deferred about to be destroyed.
  virtual void undefer(Deferred& deferred) = 0;

  /// Reports readiness of `fd`, edge-triggered, reading and writing, until forget(). After forget() the watcher is
  /// not called again, not even for an event of the round in hand.
  virtual base::Result<void> watch(int fd, Watcher& watcher) = 0;
  virtual void forget(int fd) = 0;
  /// Whether a watched `fd` is reported when it becomes writable: on at first. Switched on again it is reported at once
  /// if it is writable. A UNIX socket left on wakes the loop each time the peer reads, so its stream switches it off
  /// while nothing waits to be written. Threads: any, while `fd` is watched.
  virtual void watch_writes(int /*fd*/, bool /*on*/) {}
};

/// A timer that its owner may set again and that never fires after its owner is gone. Strand: the loop's thread.
class Timer {
 public:
  explicit Timer(Loop& loop) : loop_(loop) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void at(base::SteadyTime when, std::function<void()> task);
  void after(base::Duration wait, std::function<void()> task) { at(loop_.clock().now() + wait, std::move(task)); }
  void cancel();
  bool pending() const { return id_ != 0; }

 private:
  Loop& loop_;
  TimerId id_ = 0;
};

/// Owns a real loop and the thread ("daffi-loop") that runs it; all signals are blocked there. The destructor stops
/// and joins (it must not run on the loop's own thread).
class LoopThread {
 public:
  static base::Result<std::unique_ptr<LoopThread>> start();
  ~LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  Loop& loop();
  /// Runs `task` on the loop's thread and waits for its end. Called on the loop's thread, or after the loop ended, it
  /// runs in place.
  void run_and_wait(const std::function<void()>& task);
  /// Runs what was posted before, then ends the loop and joins its thread; called again it does nothing. On the loop's
  /// own thread it only asks for the end. Afterwards the calling thread counts as the loop's.
  void stop();

 private:
  struct Impl;
  explicit LoopThread(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace daffi::net
