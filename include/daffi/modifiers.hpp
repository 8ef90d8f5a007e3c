/// @file  Execution modifiers: FG waits for the result, BG hands back an AsyncResult, BROADCAST asks everybody, PERIOD
/// schedules. Documentation: 2.13, 2.14, 2.15, 6.
#pragma once

#include <string>

#include "daffi/detail/invocation.hpp"
#include "daffi/duration.hpp"
#include "daffi/export.hpp"
#include "daffi/moments.hpp"

namespace daffi::inline v1 {

/// Which of several processes that hold a callback takes a call: each in turn from a random start (round_robin, the
/// default), any (random), the one with the fewest of this process's calls under way (least_pending), or always the
/// same one for the same key (sticky). `unset` in a modifier means what the Global says.
using Balance = detail::Balance;

/// Foreground: the call blocks until its result is here. Value.
struct FG {
  using Modifier = FG;

  Duration timeout = {};             ///< from the call; none: the Global's default_timeout
  std::string receiver = {};         ///< the process that is to run it; empty: any other that holds the callback
  Balance balance = Balance::unset;  ///< how one of several holders is chosen
  std::string key = {};              ///< for Balance::sticky, and chooses it when `balance` is unset

  bool operator==(const FG&) const = default;
};

/// Background: the call returns at once with an AsyncResult. Value.
struct BG {
  using Modifier = BG;

  Duration timeout = {};             ///< from the call, or from the end of `eta`
  Duration eta = {};                 ///< waits this long, without blocking, before it sends
  bool return_result = true;         ///< false: fire and forget; the AsyncResult is not valid()
  std::string receiver = {};         ///< as in FG
  Balance balance = Balance::unset;  ///< as in FG
  std::string key = {};              ///< as in FG

  bool operator==(const BG&) const = default;
};

/// Every other process that holds the callback: the call blocks until all of them have answered, and gives an Outcome
/// for each. Processes that are stopping, or have lost their connection, are not asked. When the time runs out:
/// BroadcastTimeout, with what has arrived. Arguments of a broadcast fit into one frame (255 KiB), and the callback
/// must not be one that streams. Value.
struct BROADCAST {
  using Modifier = BROADCAST;

  Duration timeout = {};      ///< from the call, or from the end of `eta`
  Duration eta = {};          ///< waits this long before it sends
  bool return_result = true;  ///< false: fire and forget; the call gives no Outcomes

  bool operator==(const BROADCAST&) const = default;
};

/// Scheduled: the call returns with a ScheduledTask once the process that is to run it has accepted it; that process
/// then makes the calls by itself, until the task is cancelled or its last moment has come, whatever becomes of the
/// caller. Results are dropped; a run that fails is logged there, and the task goes on.
///
/// Exactly one of `at_time` and `interval` says when. An interval first runs one interval from now and keeps its phase:
/// a run that is due while the one before still goes on is skipped, and counted. Each moment is run once, however long
/// the one before takes. Value. Documentation: 2.15, 6.
struct PERIOD {
  using Modifier = PERIOD;

  Moments at_time = {};              ///< up to 1000, each in the future
  Duration interval = {};            ///< 1 ms to 100 years; "5s", "1m24s", "1.2 minutes", 5, 5min
  Duration period = {};              ///< another spelling of `interval`
  std::string receiver = {};         ///< as in FG
  Balance balance = Balance::unset;  ///< as in FG
  std::string key = {};              ///< as in FG

  bool operator==(const PERIOD&) const = default;
};

namespace detail {

/// How a call of `name` by this modifier is to be made. Throws GlobalContextError (invalid_modifier) naming the
/// argument when a duration is negative or arguments contradict each other.
DAFFI_API CallSpec call_spec(std::string name, const FG& modifier);
DAFFI_API CallSpec call_spec(std::string name, const BG& modifier);
DAFFI_API CallSpec call_spec(std::string name, const BROADCAST& modifier);
/// When it runs is not checked before the call is made.
DAFFI_API CallSpec call_spec(std::string name, const PERIOD& modifier);

/// As call_spec(), for calls of so many positional arguments; the one that this thread asked for last is given again.
DAFFI_API SharedSpec shared_spec(const std::string& name, const BG& modifier, std::size_t positional);

}  // namespace detail

/// FG, BG, BROADCAST or PERIOD.
template <typename T>
concept ExecutionModifier = requires(const T& modifier) { detail::call_spec(std::string(), modifier); };

}  // namespace daffi::inline v1
