/// @file  CallContext: the time that is left.
#include "daffi/call_context.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace daffi::inline v1 {

std::optional<std::chrono::nanoseconds> CallContext::remaining() const {
  if (!deadline_) return std::nullopt;
  return std::max<std::chrono::nanoseconds>(*deadline_ - base::Clock::system().now(), std::chrono::nanoseconds(0));
}

}  // namespace daffi::inline v1
