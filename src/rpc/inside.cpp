/// @file  The callbacks a thread is inside of, innermost first.
#include "rpc/inside.hpp"

namespace daffi::rpc {
namespace {

thread_local const InsideScope* innermost = nullptr;

}  // namespace

InsideScope::InsideScope(const CallbackEntry& entry) : entry_(&entry), outer_(innermost) { innermost = this; }
InsideScope::~InsideScope() { innermost = outer_; }

bool InsideScope::holds(const CallbackEntry& entry) {
  for (const InsideScope* level = innermost; level != nullptr; level = level->outer_) {
    if (level->entry_ == &entry) return true;
  }
  return false;
}

}  // namespace daffi::rpc
