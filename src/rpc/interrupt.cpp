/// @file  WaitInterrupt.
#include "rpc/interrupt.hpp"

#include "base/per_thread.hpp"

namespace daffi::rpc {
namespace {
DAFFI_PER_THREAD WaitInterrupt* innermost = nullptr;
}

WaitInterrupt::WaitInterrupt(Check check) : check_(check), outer_(innermost) { innermost = this; }
WaitInterrupt::~WaitInterrupt() { innermost = outer_; }

bool WaitInterrupt::wanted() { return innermost != nullptr && innermost->check_ != nullptr; }

bool WaitInterrupt::ask() {
  if (!wanted()) return false;
  WaitInterrupt* const self = innermost;
  if (!self->happened_) self->happened_ = self->check_();
  return self->happened_;
}

bool WaitInterrupt::happened() { return innermost != nullptr && innermost->happened_; }

}  // namespace daffi::rpc
