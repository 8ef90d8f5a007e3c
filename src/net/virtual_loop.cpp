/// @file  VirtualLoop: posts, then due timers, each followed by what it deferred.
#include "net/virtual_loop.hpp"

#include <atomic>
#include <cassert>
#include <deque>
#include <thread>

#include "base/annotations.hpp"
#include "net/deferred_list.hpp"
#include "net/timer_queue.hpp"

namespace daffi::net {

struct VirtualLoop::Impl {
  explicit Impl(base::FakeClock& fake) : clock(fake) {}

  std::function<void()> next_task() {
    {
      const base::Lock lock(mutex);
      if (!posts.empty()) {
        auto task = std::move(posts.front());
        posts.pop_front();
        return task;
      }
    }
    return timers.take_due(clock.now());
  }

  base::FakeClock& clock;
  std::atomic<std::thread::id> thread{std::this_thread::get_id()};
  TimerQueue timers;
  DeferredList deferred;
  base::Mutex mutex;
  std::deque<std::function<void()>> posts DAFFI_GUARDED_BY(mutex);
  bool ended DAFFI_GUARDED_BY(mutex) = false;
};

VirtualLoop::VirtualLoop(base::FakeClock& clock) : impl_(std::make_unique<Impl>(clock)) {}

VirtualLoop::~VirtualLoop() {
  std::deque<std::function<void()>> dropped;
  {
    const base::Lock lock(impl_->mutex);
    impl_->ended = true;
    dropped.swap(impl_->posts);
  }
  dropped.clear();
  impl_->timers.clear();
}

const base::Clock& VirtualLoop::clock() const { return impl_->clock; }

void VirtualLoop::post(std::function<void()> task) {
  const base::Lock lock(impl_->mutex);
  if (!impl_->ended) impl_->posts.push_back(std::move(task));
}

bool VirtualLoop::in_loop_thread() const { return impl_->thread.load() == std::this_thread::get_id(); }

TimerId VirtualLoop::add_timer(base::SteadyTime at, std::function<void()> task) {
  return impl_->timers.add(at, std::move(task));
}

void VirtualLoop::cancel_timer(TimerId id) { impl_->timers.cancel(id); }

void VirtualLoop::defer(Deferred& deferred) { impl_->deferred.add(deferred); }

void VirtualLoop::undefer(Deferred& deferred) { impl_->deferred.remove(deferred); }

base::Result<void> VirtualLoop::watch(int, Watcher&) {
  return base::fail(ErrorCode::system, "a virtual loop watches no descriptors");
}

void VirtualLoop::forget(int) {}

bool VirtualLoop::step() {
  impl_->thread.store(std::this_thread::get_id());
  const auto task = impl_->next_task();
  if (task) task();
  const bool deferred = impl_->deferred.run();
  return task || deferred;
}

bool VirtualLoop::run_ready(std::size_t rounds) {
  bool ran = false;
  while (rounds-- > 0 && step()) ran = true;
  return ran;
}

std::optional<base::SteadyTime> VirtualLoop::next_timer() const { return impl_->timers.next(); }

void VirtualLoop::advance(base::Duration span) {
  assert(span >= base::Duration::zero());
  const auto end = impl_->clock.now() + span;
  run_ready();
  for (auto next = next_timer(); next && *next <= end; next = next_timer()) {
    // Moved, not set: the wall clock goes along.
    if (*next > impl_->clock.now()) impl_->clock.advance(*next - impl_->clock.now());
    if (!run_ready()) break;
  }
  if (end > impl_->clock.now()) impl_->clock.advance(end - impl_->clock.now());
  run_ready();
}

}  // namespace daffi::net
