/// @file  Heartbeat: decides from silence when to ping a peer and when to give it up. No I/O, no timers of its own.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace daffi::session {

/// A third of the limit in silence: ping. All of it: lost. Both ends of a connection run one.
/// Whoever slept itself (a frozen process, a suspended laptop) has heard nobody, which says nothing about the peer: a
/// check that comes late by more than a third of the limit therefore pings and gives the peer that third once more.
/// Value; threads: one at a time.
class Heartbeat {
 public:
  enum class Verdict : std::uint8_t { wait, ping, lost };

  /// Nanoseconds are all a limit is made of; a third of it is at least one.
  Heartbeat(base::Duration limit, base::SteadyTime now);

  /// Any byte from the peer.
  void heard(base::SteadyTime now) {
    last_heard_ = now;
    pings_ = 0;
  }
  /// Asks for the verdict; to be called at next_check() or later. `ping` is given at most twice per silence.
  Verdict check(base::SteadyTime now);
  /// When silence would next have consequences. Moves only later while bytes come, so a timer may lag behind it: at an
  /// early check the verdict is `wait`.
  base::SteadyTime next_check() const { return last_heard_ + third_ * (pings_ + 1); }

 private:
  base::Duration third_;
  base::SteadyTime last_heard_;
  int pings_ = 0;  ///< sent since the peer was last heard
};

}  // namespace daffi::session
