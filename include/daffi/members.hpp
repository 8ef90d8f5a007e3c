/// @file  What a Global shows of itself and the others: members, their callbacks, counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "daffi/signature.hpp"

namespace daffi::inline v1 {

/// A callback as the directory shows it. Value.
struct CallbackInfo {
  std::string name;
  Signature signature;  ///< its documentation text is there for the own process only: Global::documentation()
  std::vector<std::string> callers = {};  ///< who may call it ("role:…", "certificate:…"); empty: every process
};

/// A process as the directory shows it. Value.
struct Member {
  std::string process_name;
  std::string language;                 ///< "c++", "python", …
  std::string identity;                 ///< what the controller verified about it, as text
  bool self = false;                    ///< this very process
  bool suspended = false;               ///< its connection broke less than `grace` ago
  bool draining = false;                ///< it is stopping and takes no new calls
  std::vector<CallbackInfo> callbacks;  ///< in order of registration
};

/// Counters since the Global was made, and how much there is of something now. Value.
struct GlobalStats {
  // The node's.
  std::size_t pending_calls = 0;    ///< now: calls of this process that have not ended
  std::size_t running_calls = 0;    ///< now: calls of others that run here
  std::size_t queued_requests = 0;  ///< now: calls of others that wait for a handler thread
  std::size_t handler_threads = 0;  ///< now
  std::uint64_t calls_sent = 0;
  std::uint64_t calls_served = 0;
  std::uint64_t late_replies = 0;      ///< results that came after their call had ended, dropped
  std::uint64_t bounced = 0;           ///< calls that came back because they reached no one
  std::uint64_t resent = 0;            ///< of these, sent to another holder
  std::uint64_t refused_busy = 0;      ///< calls of others answered "busy, not run"
  std::uint64_t refused_draining = 0;  ///< calls of others answered "draining, not run"
  std::size_t transfers = 0;           ///< large arguments and results on their way, either direction
  std::uint64_t expired_unrun = 0;     ///< calls of others whose time had passed before they ran
  std::uint64_t reconnects = 0;
  std::size_t scheduled_tasks = 0;   ///< now: tasks that this process has accepted and that have not ended
  std::uint64_t scheduled_runs = 0;  ///< of them, begun
  std::uint64_t skipped_runs = 0;    ///< of them, due while the run before went on, or without their callback
  // The controller's, zero where none runs.
  std::size_t members = 0;  ///< now, suspended ones included
  std::uint64_t frames_switched = 0;
  std::uint64_t bytes_switched = 0;
  std::uint64_t refused_sessions = 0;  ///< connections that did not get through the handshake
  std::uint64_t bad_frames = 0;
  std::uint64_t slow_consumers = 0;  ///< members closed because they did not read
};

}  // namespace daffi::inline v1
