/// @file  InsideScope: which callbacks a thread is running.
#pragma once

namespace daffi::rpc {

struct CallbackEntry;

/// While it lives, its thread is inside that callback (nullptr: of none). Threads: the one that made it.
class InsideScope {
 public:
  explicit InsideScope(const CallbackEntry* entry);
  ~InsideScope();
  InsideScope(const InsideScope&) = delete;
  InsideScope& operator=(const InsideScope&) = delete;

  /// True while this thread is inside, however deep.
  static bool contains(const CallbackEntry& entry);

 private:
  const CallbackEntry* const entry_;
  const InsideScope* const outer_;
};

}  // namespace daffi::rpc
