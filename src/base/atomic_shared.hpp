/// @file  AtomicShared: a shared pointer that some threads replace while others copy it.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

namespace daffi::base {

/// What std::atomic<std::shared_ptr<T>> is meant to be. That of libstdc++ 12 lets go of its lock after a copy without
/// release, so a copy in one thread is not ordered before the change that another makes next. It is asked and
/// compared by its copies. What is replaced is destroyed after the lock. Threads: any.
template <typename T>
class AtomicShared {
 public:
  AtomicShared() = default;
  AtomicShared(const AtomicShared&) = delete;
  AtomicShared& operator=(const AtomicShared&) = delete;

  std::shared_ptr<T> load() const {
    const Held held(taken_);
    return value_;
  }
  void store(std::shared_ptr<T> value) { exchange(std::move(value)); }
  std::shared_ptr<T> exchange(std::shared_ptr<T> value) {
    const Held held(taken_);
    value_.swap(value);
    return value;
  }

 private:
  // Held for a few instructions: only a holder that has lost its core is worth yielding for.
  class Held {
   public:
    explicit Held(std::atomic<bool>& taken) : taken_(taken) {
      for (int tries = 1; taken_.exchange(true, std::memory_order_acquire); ++tries) {
        if (tries % 64 == 0) std::this_thread::yield();
      }
    }
    ~Held() { taken_.store(false, std::memory_order_release); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    std::atomic<bool>& taken_;
  };

  mutable std::atomic<bool> taken_{false};
  std::shared_ptr<T> value_;  // touched while `taken_` only
};

}  // namespace daffi::base
