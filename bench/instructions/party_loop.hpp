/// @file  PartyLoop: a loop moved by hand, all of whose tasks count as one party's.
#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "base/fake_clock.hpp"
#include "instructions/meter.hpp"
#include "net/deferred_list.hpp"
#include "net/timer_queue.hpp"

namespace bench {

/// Threads: the program's only one, which counts as the loop's.
class PartyLoop final : public daffi::net::Loop {
 public:
  PartyLoop(Party party, const daffi::base::FakeClock& clock) : party_(party), clock_(clock) {}

  const daffi::base::Clock& clock() const override { return clock_; }
  void post(std::function<void()> task) override {
    const Meter::Scope pause(Party::nobody);
    posts_.push_back(std::move(task));
  }
  bool in_loop_thread() const override { return true; }
  daffi::net::TimerId add_timer(daffi::base::SteadyTime at, std::function<void()> task) override {
    return timers_.add(at, std::move(task));
  }
  void cancel_timer(daffi::net::TimerId id) override { timers_.cancel(id); }
  void defer(daffi::net::Deferred& deferred) override { deferred_.add(deferred); }
  void undefer(daffi::net::Deferred& deferred) override { deferred_.remove(deferred); }
  daffi::base::Result<void> watch(int, daffi::net::Watcher&) override {
    return daffi::base::fail(daffi::ErrorCode::system, "this loop watches no descriptors");
  }
  void forget(int) override {}

  /// Runs all there is now, in rounds as a real loop does: what the events asked for, then what they put off. False
  /// when there was nothing.
  bool run_ready() {
    bool ran = false;
    for (bool more = true; more; ran = ran || more) {
      more = run_posts();
      const Meter::Scope scope(party_);
      more = deferred_.run() || more;
    }
    return ran;
  }
  std::optional<daffi::base::SteadyTime> next_timer() const { return timers_.next(); }

 private:
  bool run_posts() {
    bool ran = false;
    for (std::size_t left = posts_.size(); left > 0; --left) {
      std::function<void()> task = std::move(posts_.front());
      posts_.pop_front();
      run(task);
      ran = true;
    }
    while (std::function<void()> task = timers_.take_due(clock_.now())) {
      run(task);
      ran = true;
    }
    return ran;
  }
  void run(std::function<void()>& task) {
    const Meter::Scope scope(party_);
    task();
    task = nullptr;
  }

  const Party party_;
  const daffi::base::FakeClock& clock_;
  std::deque<std::function<void()>> posts_;
  daffi::net::TimerQueue timers_;
  daffi::net::DeferredList deferred_;
};

}  // namespace bench
