/// @file  InsideScope: a list on the stack.
#include "rpc/inside.hpp"

#include "base/per_thread.hpp"

namespace daffi::rpc {
namespace {
DAFFI_PER_THREAD const InsideScope* innermost = nullptr;
}

InsideScope::InsideScope(const CallbackEntry* entry) : entry_(entry), outer_(innermost) { innermost = this; }
InsideScope::~InsideScope() { innermost = outer_; }

bool InsideScope::contains(const CallbackEntry& entry) {
  for (const InsideScope* scope = innermost; scope != nullptr; scope = scope->outer_) {
    if (scope->entry_ == &entry) return true;
  }
  return false;
}

}  // namespace daffi::rpc
