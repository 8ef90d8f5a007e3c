/// @file  Execution modifiers: FG waits for the result, BG hands back an AsyncResult, BROADCAST asks everybody.
/// Documentation: 2.13, 2.14, 6.
#pragma once

#include <string>

#include "daffi/detail/invocation.hpp"
#include "daffi/duration.hpp"
#include "daffi/export.hpp"

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

namespace detail {

/// How a call of `name` by this modifier is to be made. Throws GlobalContextError (invalid_modifier) naming the
/// argument when a duration is negative or arguments contradict each other.
DAFFI_API CallSpec call_spec(std::string name, const FG& modifier);
DAFFI_API CallSpec call_spec(std::string name, const BG& modifier);
DAFFI_API CallSpec call_spec(std::string name, const BROADCAST& modifier);

}  // namespace detail

/// FG, BG or BROADCAST.
template <typename T>
concept ExecutionModifier = requires(const T& modifier) { detail::call_spec(std::string(), modifier); };

}  // namespace daffi::inline v1
