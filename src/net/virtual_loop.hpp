/// @file  VirtualLoop: a Loop without descriptors, moved by hand on a fake clock, for tests that are exact and instant.
#pragma once

#include <memory>
#include <optional>

#include "base/fake_clock.hpp"
#include "net/loop.hpp"

namespace daffi::net {

/// Threads: post() any; the rest by one thread at a time (the one that moves it), which counts as the loop's thread
/// while it does.
class VirtualLoop final : public Loop {
 public:
  explicit VirtualLoop(base::FakeClock& clock);
  ~VirtualLoop() override;

  const base::Clock& clock() const override;
  void post(std::function<void()> task) override;
  bool in_loop_thread() const override;
  TimerId add_timer(base::SteadyTime at, std::function<void()> task) override;
  void cancel_timer(TimerId id) override;
  void defer(Deferred& deferred) override;
  void undefer(Deferred& deferred) override;
  base::Result<void> watch(int fd, Watcher& watcher) override;  ///< always a failure: there are no descriptors here
  void forget(int fd) override;

  /// Runs posted tasks, due timers and deferred work, at most `rounds` tasks; true when it ran anything.
  bool run_ready(std::size_t rounds = 1'000'000);
  /// Runs exactly one round (one task and what it deferred); false when there was nothing.
  bool step();
  /// When the next timer is due.
  std::optional<base::SteadyTime> next_timer() const;
  /// Moves the clock on by `span`, stopping at each timer on the way to run it and what follows from it.
  void advance(base::Duration span);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace daffi::net
