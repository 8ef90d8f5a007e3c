/// @file  A wait on one word of memory, with a limit: what std::atomic::wait lacks.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.hpp"

namespace daffi::rpc {

/// Sleeps while `word` holds `expected`, at most until the deadline. May return early. False: by the deadline or a
/// signal. Threads: any.
bool futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, base::Deadline deadline);
/// Wakes all that sleep on `word`, which need not exist any more: only its address is used. Threads: any.
void futex_wake_all(const std::atomic<std::uint32_t>* word);

}  // namespace daffi::rpc
