/// @file  EpollLoop: the real Loop. One epoll set, edge-triggered; an eventfd wakes it for posts, a timerfd for timers.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/annotations.hpp"
#include "net/deferred_list.hpp"
#include "net/descriptor.hpp"
#include "net/loop.hpp"
#include "net/timer_queue.hpp"

struct epoll_event;

namespace daffi::net {

/// Threads: as Loop says; run() and run_once() by one thread at a time, stop() any.
class EpollLoop final : public Loop {
 public:
  static base::Result<std::unique_ptr<EpollLoop>> create();
  ~EpollLoop() override;
  EpollLoop(const EpollLoop&) = delete;
  EpollLoop& operator=(const EpollLoop&) = delete;

  const base::Clock& clock() const override { return clock_; }
  void post(std::function<void()> task) override;
  bool in_loop_thread() const override;
  TimerId add_timer(base::SteadyTime at, std::function<void()> task) override;
  void cancel_timer(TimerId id) override;
  void defer(Deferred& deferred) override { deferred_.add(deferred); }
  void undefer(Deferred& deferred) override { deferred_.remove(deferred); }
  base::Result<void> watch(int fd, Watcher& watcher) override;
  void forget(int fd) override;
  void watch_writes(int fd, bool on) override;

  /// Runs rounds until stop().
  void run();
  /// One round: waits for at most `wait` until there is something to do, and does it.
  void run_once(base::Duration wait);
  /// Ends run() after the round in hand and what was posted before. Later posts are dropped.
  void stop();
  /// From now on the calling thread counts as the loop's, the one that ran it having ended.
  void adopt() { thread_.store(std::this_thread::get_id()); }
  /// From now on no thread counts as the loop's, until one runs it.
  void disown() { thread_.store({}); }

 private:
  struct Watched {
    Watcher* watcher = nullptr;
    std::uint32_t generation = 0;  ///< tells a descriptor's events from those of an earlier one of the same number
  };

  EpollLoop(Descriptor epoll, Descriptor wake, Descriptor alarm);
  bool set_alarm();
  int wait_for_events(epoll_event* events, base::Duration wait);
  void dispatch(const epoll_event& event);
  void run_timers();
  void run_posts();
  bool prepare_to_sleep();

  const base::Clock& clock_ = base::Clock::system();
  Descriptor epoll_;
  Descriptor wake_;
  /// Rings for the first timer. A time-out of each wait would cost more: timers are many rounds apart.
  Descriptor alarm_;
  base::SteadyTime alarm_at_ = base::SteadyTime::max();
  bool alarm_rang_ = false;
  std::atomic<std::thread::id> thread_{std::this_thread::get_id()};
  TimerQueue timers_;
  DeferredList deferred_;
  /// By descriptor. Changed on the loop's thread under the mutex, so that thread reads it without.
  std::vector<Watched> watched_;
  base::Mutex watched_mutex_;
  std::uint32_t last_generation_ = 0;

  /// A post must write to wake_. Set under the mutex after seeing no posts; cleared by whoever writes, or on waking.
  std::atomic<bool> sleeping_{false};
  base::Mutex mutex_;
  std::vector<std::function<void()>> posts_ DAFFI_GUARDED_BY(mutex_);
  bool stopping_ DAFFI_GUARDED_BY(mutex_) = false;
  bool ended_ DAFFI_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> batch_;  ///< the posts in hand
};

}  // namespace daffi::net
