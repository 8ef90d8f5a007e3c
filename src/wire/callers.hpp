/// @file  Lists of who may call, as a descriptor carries them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace daffi::wire {

// What stands in front of a name.
inline constexpr std::string_view kCertificateCaller = "certificate:";
inline constexpr std::string_view kRoleCaller = "role:";

/// Why this is no list of callers. Threads: any.
std::optional<std::string> mistake_in_callers(std::span<const std::string> callers);

}  // namespace daffi::wire
