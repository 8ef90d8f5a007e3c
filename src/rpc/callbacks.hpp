/// @file  Callbacks: what this process offers, and how many calls are inside each.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "base/annotations.hpp"
#include "base/result.hpp"
#include "daffi/detail/invocation.hpp"
#include "rpc/engine.hpp"
#include "rpc/system_callbacks.hpp"

namespace daffi::rpc {

/// One registered callback. Threads: any.
struct CallbackEntry {
  std::uint32_t id = 0;
  detail::CallbackSpec spec;
  SystemHandler system;                  ///< instead of the spec's handler, for one of the system's own
  std::atomic<std::uint32_t> inside{0};  ///< calls that have begun and not been answered
  std::atomic<bool> removed{false};      ///< out of the table: no new call of it begins
  std::uint32_t allowed = 0;             ///< under the table's mutex: calls that `left` does not wait for
  Completion* left = nullptr;            ///< under the table's mutex: who waits for the calls inside to end
};

/// Whether it is open to that caller: this process's own callbacks are open to itself.
bool may_call(const CallbackEntry& entry, const Caller& caller);

/// What those are told whose streams end because their callback was taken away.
base::Failure unregistered(const CallbackEntry& entry);

/// Threads: any.
class Callbacks {
 public:
  struct Added {
    std::uint32_t id = 0;
    std::shared_ptr<CallbackEntry> replaced;  ///< one of the same name, out of the table now
  };
  Added add(detail::CallbackSpec spec);
  /// One of the system's own, for good: found by its id, and not in all(). `name` is for texts.
  void add_system(SystemCallback id, std::string name, SystemHandler handler);
  /// Out of the table: no new call begins. nullptr: not there.
  std::shared_ptr<CallbackEntry> remove(std::uint32_t id);
  /// The one of that number. In place of one that was replaced not long ago the one that now has its name: callers
  /// hear of it a little later, and their calls are meant for it.
  std::shared_ptr<CallbackEntry> find(std::uint32_t id) const;
  /// One that was replaced and that somebody is still inside of, or refers to; else nullptr.
  std::shared_ptr<CallbackEntry> replaced(std::uint32_t id) const;
  /// By its name; looks through all of them.
  std::shared_ptr<CallbackEntry> find(const std::string& name) const;
  /// In order of registration.
  std::vector<std::shared_ptr<CallbackEntry>> all() const;

  /// Enters and leaves an entry; leave() wakes who waits for it to be empty.
  void enter(CallbackEntry& entry) { entry.inside.fetch_add(1); }
  void leave(CallbackEntry& entry, Engine& engine);
  /// Blocks until at most `allowed` calls are inside. One waiter at a time.
  void wait_until_left(CallbackEntry& entry, std::uint32_t allowed, Engine& engine);

 private:
  struct Replaced {
    std::weak_ptr<CallbackEntry> entry;
    std::uint32_t successor = 0;
  };
  std::shared_ptr<CallbackEntry> successor_of(std::uint32_t id) const;  ///< under table_mutex_
  void remember_replaced(const std::shared_ptr<CallbackEntry>& entry, std::uint32_t successor);

  mutable std::shared_mutex table_mutex_;
  std::unordered_map<std::uint32_t, std::shared_ptr<CallbackEntry>> by_id_;   // under table_mutex_
  std::unordered_map<std::uint32_t, std::shared_ptr<CallbackEntry>> system_;  // under table_mutex_
  std::map<std::uint32_t, Replaced> replaced_;                                // under table_mutex_; the oldest first
  std::uint32_t next_id_ = 1;                                                 // under table_mutex_
  base::Mutex mutex_;
};

}  // namespace daffi::rpc
