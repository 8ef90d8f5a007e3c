/// @file  Heartbeat's verdicts.
#include "session/heartbeat.hpp"

#include <algorithm>

namespace daffi::session {

namespace {

constexpr int kPings = 2;

}  // namespace

Heartbeat::Heartbeat(base::Duration limit, base::SteadyTime now)
    : third_(std::max(limit / (kPings + 1), base::Duration(1))), last_heard_(now) {}

Heartbeat::Verdict Heartbeat::check(base::SteadyTime now) {
  const base::SteadyTime due = next_check();
  if (now < due) return Verdict::wait;
  if (now - due > third_) {
    last_heard_ = now - third_ * kPings;
    pings_ = kPings;
    return Verdict::ping;
  }
  if (pings_ == kPings) return Verdict::lost;
  ++pings_;
  return Verdict::ping;
}

}  // namespace daffi::session
