/// @file  The futex system calls.
#include "rpc/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace daffi::rpc {

bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, base::Deadline deadline) {
  // WAIT_BITSET takes an absolute time on the monotonic clock, which is the steady clock's.
  timespec at{};
  timespec* limit = nullptr;
  if (!deadline.is_never()) {
    const auto since = deadline.at.time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    at = {seconds.count(), static_cast<long>((since - seconds).count())};
    limit = &at;
  }
  const auto result =
      syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, limit, nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 || (errno != EINTR && errno != ETIMEDOUT);
}

void futex_wake_all(const std::atomic<std::uint32_t>* word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace daffi::rpc
