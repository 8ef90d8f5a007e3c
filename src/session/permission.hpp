/// @file  Who may call a callback that names its callers, and what the others see of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "wire/handshake_messages.hpp"

namespace daffi::session {

/// True when the list is empty, or names the certificate ("certificate:NAME") or the token's role ("role:NAME") that
/// was verified. Threads: any.
bool may_call(const std::vector<std::string>& callers, const wire::Identity& who);

/// What stands in the directory for the name of a callback that the receiver may not call: who knows the name
/// recognises it, others learn nothing. Threads: any.
std::string closed_name(std::string_view name);

/// Says that this caller may not call it. Threads: any.
base::Failure may_not_call(std::string_view callback);

}  // namespace daffi::session
