/// @file  System callbacks: what every process serves without announcing it, under ids that never change.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "daffi/detail/invocation.hpp"
#include "wire/handshake_messages.hpp"

namespace daffi::rpc {

/// From wire::kFirstSystemCallback on; in no announcement and in no list.
enum class SystemCallback : std::uint32_t {
  schedule = 0xFFFFFF01,
  cancel_schedule = 0xFFFFFF02,
  list_schedules = 0xFFFFFF03,
  run_code = 0xFFFFFF04,
};

/// Who makes a call, as this process's directory shows it. Value.
struct Caller {
  std::uint32_t member = 0;
  std::string name;
  /// What the controller verified, as far as the controller may be believed.
  wire::Identity identity;
  bool self = false;  ///< this very process
};

/// Runs like any callback, on a handler thread: reads the invocation's arguments, writes its result or defers it. The
/// invocation has a context. What it throws is the caller's error, as a callback's would be; a SystemRefusal is not.
using SystemHandler = std::function<void(detail::Invocation&, const Caller&)>;

/// Thrown by a system handler, or given to its Responder: the caller's error has this code and this text, nothing in
/// front. Thrown with busy, draining or no_candidate, it gives the call back unrun, so that another holder may take it.
/// Not a std::exception: user code cannot make one, and nobody takes it for what a callback threw. Value.
struct SystemRefusal {
  base::Failure failure;
};

}  // namespace daffi::rpc
