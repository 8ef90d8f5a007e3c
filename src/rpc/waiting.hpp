/// @file  Waiting: blocked callers of one node. The first reads for all; the others sleep on words of their own.
#pragma once

#include <atomic>
#include <functional>

#include "base/annotations.hpp"
#include "net/wait_sets.hpp"
#include "rpc/engine.hpp"

namespace daffi::rpc {

/// Threads: any.
class Waiting {
 public:
  /// `read` reads the connection, if there is one, and handles what came; true: there may be more. `after_lead` is
  /// called when a thread that led has stopped leading, before another one is chosen.
  Waiting(net::WaitSets& sets, base::Duration busy_poll, std::function<bool()> read, std::function<void()> after_lead);

  /// As Engine::wait and Engine::finish.
  bool wait(Completion& what, base::Deadline deadline);
  void finish(Completion& what);
  /// A caller waits for input just now.
  bool led() const { return leader_.load() != nullptr; }

 private:
  struct Follower {
    Completion* what;
    Follower* next = nullptr;
    Follower* previous = nullptr;
  };

  void lead(Completion& what, base::Deadline deadline);
  void read_for(const Completion& what);
  void spin(Completion& what, base::Deadline deadline);
  bool follow(Completion& what, base::Deadline deadline);
  void promote_one();
  void enlist(Follower& follower);
  void dismiss(Follower& follower);

  net::WaitSets& sets_;
  const base::Duration busy_poll_;
  const std::function<bool()> read_;
  const std::function<void()> after_lead_;
  std::atomic<Completion*> leader_{nullptr};
  base::Mutex mutex_;
  Follower* followers_ DAFFI_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace daffi::rpc
