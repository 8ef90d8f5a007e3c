/// @file  What time puts into a budget.
#include "session/rate_budget.hpp"

#include <algorithm>

namespace daffi::session {

// Looked at only when a budget is spent, so that spending costs no look at a clock's time.
void RateBudget::refill(base::SteadyTime now) {
  using std::chrono::milliseconds;
  if (now <= since_) return;
  const auto passed = std::chrono::duration_cast<milliseconds>(now - since_);
  if (passed < milliseconds(1)) return;
  // After this long it is full in any case.
  const std::uint64_t full_after = rate_.burst * 1000 / rate_.per_second + 1;
  const std::uint64_t counted = std::min<std::uint64_t>(static_cast<std::uint64_t>(passed.count()), full_after);
  left_ = std::min(rate_.burst, left_ + counted * rate_.per_second / 1000);
  since_ = now;
}

}  // namespace daffi::session
