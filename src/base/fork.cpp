/// @file  Counting forks.
#include "base/fork.hpp"

#include <pthread.h>

#include <vector>

namespace daffi::base {
namespace {

void count() { detail::fork_generation.fetch_add(1, std::memory_order_relaxed); }

std::uint32_t generation_now() {
  static const int registered = ::pthread_atfork(nullptr, nullptr, count);
  static_cast<void>(registered);
  return detail::fork_generation.load(std::memory_order_relaxed);
}

// Those that are kept free. Its own lock is the last that is taken, and held across a fork, too.
struct KeptFree {
  Mutex own;
  std::vector<Mutex*> all;
};
KeptFree& kept_free() {
  static auto* const kept = new KeptFree;
  return *kept;
}

void lock_all() DAFFI_NO_THREAD_SAFETY_ANALYSIS {
  KeptFree& kept = kept_free();
  kept.own.lock();
  for (Mutex* mutex : kept.all) mutex->lock();
}

void unlock_all() DAFFI_NO_THREAD_SAFETY_ANALYSIS {
  KeptFree& kept = kept_free();
  for (Mutex* mutex : kept.all) mutex->unlock();
  kept.own.unlock();
}

}  // namespace

void keep_free_across_fork(Mutex& mutex) {
  static const int registered = ::pthread_atfork(lock_all, unlock_all, unlock_all);
  static_cast<void>(registered);
  KeptFree& kept = kept_free();
  const Lock lock(kept.own);
  kept.all.push_back(&mutex);
}

HomeProcess::HomeProcess() : generation_(generation_now()) {}

}  // namespace daffi::base
