/// @file  Durations as people write them: "5s", "1m24s", "1.2 minutes", "90".
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace daffi::base {

/// Reads a duration. A number alone is seconds; otherwise numbers with units, the largest unit first, each at most
/// once, blanks and case of no matter: days, hours, minutes, seconds, milliseconds, microseconds, nanoseconds, or
/// d h m s ms us ns and the usual spellings between. Fractions are exact to the nanosecond, what is finer is cut off.
/// Errors: invalid_modifier, showing the text and the grammar; also for negative and for longer than 292 years.
Result<Duration> parse_duration(std::string_view text);

/// Writes a duration so that parse_duration reads the same back (negative ones aside): "1m24s", "1.5s", "250ms".
std::string format_duration(Duration duration);

}  // namespace daffi::base
