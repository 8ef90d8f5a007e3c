/// @file  DirectoryWait: co_await until a process or callback is there.
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "daffi/detail/core.hpp"
#include "daffi/detail/resume.hpp"

namespace daffi::inline v1 {

/// What Global::wait_process_async and wait_function_async give. The wait begins with co_await, ends when the name is
/// there, and throws TimeoutError (wait_timeout) or GlobalContextError (stopped). Resumes on a handler thread;
/// destroying the waiting coroutine is fine. One use. Threads: one at a time.
class [[nodiscard]] DirectoryWait {
 public:
  DirectoryWait(std::weak_ptr<detail::Core> core, detail::Core::Subject subject, std::string name, Duration timeout)
      : core_(std::move(core)), subject_(subject), name_(std::move(name)), timeout_(timeout) {}
  DirectoryWait(const DirectoryWait&) = delete;
  DirectoryWait& operator=(const DirectoryWait&) = delete;
  ~DirectoryWait() {
    if (outcome_) outcome_->resume.abandon();
  }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    const auto core = detail::lock_core(core_);
    // The coroutine may run, and this object be gone, before wait_async() has returned: everything needed is local.
    auto outcome = std::make_shared<Outcome>(coroutine);
    outcome_ = outcome;
    core->wait_async(subject_, name_, timeout_, [outcome = std::move(outcome)](std::exception_ptr error) {
      outcome->error = std::move(error);
      outcome->resume.run();
    });
  }
  void await_resume() const {
    if (outcome_->error) std::rethrow_exception(outcome_->error);
  }

 private:
  struct Outcome {
    explicit Outcome(std::coroutine_handle<> coroutine) : resume(coroutine) {}
    detail::Resume resume;
    std::exception_ptr error;
  };

  std::weak_ptr<detail::Core> core_;
  detail::Core::Subject subject_;
  std::string name_;
  Duration timeout_;
  std::shared_ptr<Outcome> outcome_;
};

}  // namespace daffi::inline v1
