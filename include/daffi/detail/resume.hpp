/// @file  Resume: the one resumption of a suspended coroutine, whoever comes first. Suspension: an awaiter's side of
/// it.
#pragma once

#include <atomic>
#include <coroutine>
#include <functional>
#include <memory>
#include <utility>

#include "daffi/detail/cancel_scope.hpp"

namespace daffi::inline v1::detail {

/// Shared by a suspended coroutine and whoever is to resume it: exactly one of "resumed", "cancelled" (resumed, to end)
/// and "abandoned" happens, so a frame that is gone is never resumed. Threads: any.
class Resume {
 public:
  explicit Resume(std::coroutine_handle<> coroutine) noexcept : coroutine_(coroutine) {}
  Resume(const Resume&) = delete;
  Resume& operator=(const Resume&) = delete;

  void run() {
    if (settle(State::resumed)) coroutine_.resume();
  }
  void cancel() {
    if (settle(State::cancelled)) coroutine_.resume();
  }
  /// It is not to be suspended at all.
  void refuse() { (void)settle(State::cancelled); }
  /// The frame goes away. False: it has been resumed.
  bool abandon() { return settle(State::abandoned); }

  [[nodiscard]] bool settled() const { return state_.load() != State::waiting; }
  [[nodiscard]] bool cancelled() const { return state_.load() == State::cancelled; }

  /// What resumes it. Dropped without having been run (the handler threads have ended) it resumes all the same, and
  /// the coroutine finds the error of what it awaited: no coroutine waits for ever.
  static std::function<void()> task(std::shared_ptr<Resume> resume) {
    struct Trigger {
      std::shared_ptr<Resume> resume;
      explicit Trigger(std::shared_ptr<Resume> what) : resume(std::move(what)) {}
      Trigger(const Trigger&) = delete;
      Trigger& operator=(const Trigger&) = delete;
      ~Trigger() { resume->run(); }
    };
    return [trigger = std::make_shared<Trigger>(std::move(resume))] { trigger->resume->run(); };
  }

 private:
  enum class State : unsigned char { waiting, resumed, cancelled, abandoned };
  bool settle(State to) {
    State waiting = State::waiting;
    return state_.compare_exchange_strong(waiting, to);
  }

  std::coroutine_handle<> coroutine_;
  std::atomic<State> state_{State::waiting};
};

/// What an awaiter of ours keeps of the coroutine that it suspends. Threads: the coroutine's.
class Suspension {
 public:
  Suspension() = default;
  Suspension(const Suspension&) = delete;
  Suspension& operator=(const Suspension&) = delete;
  ~Suspension() { (void)abandon(); }

  /// For await_suspend: `wait(resume)` arranges that somebody runs it. False: the chain is cancelled, nothing is waited
  /// for. Not inlined: the coroutine may run, and be gone with the awaiter, before `wait` has returned, so nothing of
  /// this may live in its frame.
  template <typename Promise, typename Wait>
  [[gnu::noinline]] bool begin(std::coroutine_handle<Promise> coroutine, Wait wait) {
    auto resume = std::make_shared<Resume>(coroutine);
    const std::shared_ptr<CancelScope> scope = scope_of(coroutine);
    resume_ = resume;
    if (scope && scope->cancelled()) {
      resume->refuse();
      return false;
    }
    wait(resume);
    if (scope) scope->waits_for(std::move(resume));
    return true;
  }
  /// For await_resume: CancelledError is to be thrown.
  [[nodiscard]] bool cancelled() const { return resume_ && resume_->cancelled(); }
  /// True: it was suspended until now, and the frame goes away.
  bool abandon() { return resume_ && resume_->abandon(); }

 private:
  std::shared_ptr<Resume> resume_;
};

}  // namespace daffi::inline v1::detail
