/// @file  Which callbacks a thread is inside of.
#pragma once

namespace daffi::rpc {

struct CallbackEntry;

/// While it lives, its thread is inside that callback, and of those it was inside of before. Strand: its thread.
class InsideScope {
 public:
  explicit InsideScope(const CallbackEntry& entry);
  ~InsideScope();
  InsideScope(const InsideScope&) = delete;
  InsideScope& operator=(const InsideScope&) = delete;

  /// True while the calling thread is inside of `entry`.
  static bool holds(const CallbackEntry& entry);

 private:
  const CallbackEntry* entry_;
  const InsideScope* outer_;
};

}  // namespace daffi::rpc
