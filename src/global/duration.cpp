/// @file  Duration: text and what is too large.
#include "daffi/duration.hpp"

#include "base/duration_text.hpp"
#include "base/result.hpp"

namespace daffi::inline v1 {

namespace {
std::chrono::nanoseconds parse(std::string_view text) {
  auto parsed = base::parse_duration(text);
  if (!parsed.ok()) base::throw_failure(std::move(parsed).failure());
  return parsed.value();
}
}  // namespace

Duration::Duration(std::string_view text) : span_(parse(text)) {}

void Duration::refuse_too_large() {
  base::throw_failure(base::fail(ErrorCode::invalid_modifier, "a duration must be a number, and below 292 years"));
}

}  // namespace daffi::inline v1
