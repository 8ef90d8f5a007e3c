/// @file  Counting forks.
#include "base/fork.hpp"

#include <pthread.h>

namespace daffi::base {
namespace {

void count() { detail::fork_generation.fetch_add(1, std::memory_order_relaxed); }

std::uint32_t generation_now() {
  static const int registered = ::pthread_atfork(nullptr, nullptr, count);
  static_cast<void>(registered);
  return detail::fork_generation.load(std::memory_order_relaxed);
}

}  // namespace

HomeProcess::HomeProcess() : generation_(generation_now()) {}

}  // namespace daffi::base
