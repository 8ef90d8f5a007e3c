/// @file  Resume: the one resumption of a suspended coroutine, whoever comes first.
#pragma once

#include <atomic>
#include <coroutine>
#include <functional>
#include <memory>
#include <utility>

namespace daffi::inline v1::detail {

/// Shared by a suspended coroutine and whoever is to resume it: exactly one of "resumed" and "abandoned" happens, so a
/// frame that is gone is never resumed. Threads: any.
class Resume {
 public:
  explicit Resume(std::coroutine_handle<> coroutine) noexcept : coroutine_(coroutine) {}
  Resume(const Resume&) = delete;
  Resume& operator=(const Resume&) = delete;

  void run() {
    if (!settled_.exchange(true)) coroutine_.resume();
  }
  /// The frame goes away. False: it has been resumed.
  bool abandon() { return !settled_.exchange(true); }

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
  std::coroutine_handle<> coroutine_;
  std::atomic<bool> settled_{false};
};

}  // namespace daffi::inline v1::detail
