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

  bool await_ready() const noexcept { return false; }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    error_ = std::make_shared<std::exception_ptr>();
    return suspension_.begin(coroutine, [core = detail::lock_core(core_), subject = subject_, name = name_,
                                         timeout = timeout_, error = error_](std::shared_ptr<detail::Resume> resume) {
      core->wait_async(subject, name, timeout, [error, resume = std::move(resume)](std::exception_ptr thrown) {
        *error = std::move(thrown);
        resume->run();
      });
    });
  }
  void await_resume() const {
    if (suspension_.cancelled()) detail::throw_cancelled("'" + name_ + "'");
    if (*error_) std::rethrow_exception(*error_);
  }

 private:
  std::weak_ptr<detail::Core> core_;
  detail::Core::Subject subject_;
  std::string name_;
  Duration timeout_;
  std::shared_ptr<std::exception_ptr> error_;  // shared with whoever ends the wait, maybe after this object's end
  detail::Suspension suspension_;
};

}  // namespace daffi::inline v1
