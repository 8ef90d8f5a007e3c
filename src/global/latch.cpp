/// @file  Latch, and the pump that stands in for sleeping in a test cluster.
#include <condition_variable>
#include <mutex>

#include "base/annotations.hpp"
#include "base/per_thread.hpp"
#include "daffi/detail/core.hpp"
#include "global/pump.hpp"

namespace daffi::global_ {

namespace {
DAFFI_PER_THREAD Pump* current = nullptr;
}

Pump* current_pump() { return current; }

PumpScope::PumpScope(Pump& pump) : before_(current) { current = &pump; }
PumpScope::~PumpScope() { current = before_; }

}  // namespace daffi::global_

namespace daffi::inline v1::detail {

struct Latch::State {
  base::Mutex mutex;
  base::ConditionVariable changed;
  bool open DAFFI_GUARDED_BY(mutex) = false;

  bool is_open() {
    const base::Lock lock(mutex);
    return open;
  }
};

Latch::Latch() : state_(std::make_shared<State>()) {}
Latch::~Latch() = default;

void Latch::wait() {
  if (auto* pump = global_::current_pump()) {
    pump->run_until([this] { return state_->is_open(); });
    return;
  }
  base::Lock lock(state_->mutex);
  while (!state_->open) state_->changed.wait(lock);
}

void Latch::notify() {
  // The waiting thread may destroy this Latch as soon as it sees it open.
  const auto state = state_;
  const base::Lock lock(state->mutex);
  state->open = true;
  state->changed.notify_all();
}

}  // namespace daffi::inline v1::detail
