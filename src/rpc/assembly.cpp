/// @file  Limits first, memory with the first byte.
#include "rpc/assembly.hpp"

#include <cstring>
#include <new>
#include <string>

namespace daffi::rpc {

bool MemoryBudget::take(std::size_t bytes) {
  std::size_t used = used_.load();
  do {
    if (bytes > limit_ - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes));
  return true;
}

base::Result<Assembly> Assembly::begin(std::uint64_t total, std::size_t limit,
                                       const std::shared_ptr<MemoryBudget>& budget) {
  if (total == 0) return base::fail(ErrorCode::protocol, "a value of no bytes is announced in chunks");
  if (total > limit) {
    return base::fail(ErrorCode::too_large, "a value of " + std::to_string(total) +
                                                " bytes is announced, the limit is " + std::to_string(limit) +
                                                " (max_message_size)");
  }
  const auto bytes = static_cast<std::size_t>(total);
  if (!budget->take(bytes)) {
    return base::fail(ErrorCode::busy,
                      "large values already under way leave no room for one of " + std::to_string(total) + " bytes");
  }
  return Assembly(bytes, BudgetShare(budget, bytes));
}

bool Assembly::allocate() {
  try {
    block_ = base::make_block(total_);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

bool Assembly::add(base::Bytes chunk) {
  if (chunk.empty() || chunk.size() > total_ - at_) return false;
  if (!block_ && !allocate()) return false;
  std::memcpy(block_.get() + at_, chunk.data(), chunk.size());
  at_ += chunk.size();
  return true;
}

}  // namespace daffi::rpc
