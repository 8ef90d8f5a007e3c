/// @file  OneShotResponder: an answer that is given later, once.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "daffi/detail/invocation.hpp"
#include "rpc/engine.hpp"
#include "rpc/task_work.hpp"

namespace daffi::rpc {

/// The first of reply() and fail() counts. A subclass says what becomes of it, and in its destructor, when claim() is
/// still true there, what becomes of a call that nobody has answered. Threads: any.
class OneShotResponder : public detail::Responder {
 public:
  explicit OneShotResponder(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
  void reply(Writer& result) final {
    if (claim()) replied(result);
  }
  void fail(std::exception_ptr error) final {
    if (claim()) failed(std::move(error));
  }
  void post(std::function<void()> task) final { engine_->submit_always(*make_task(std::move(task))); }

 protected:
  bool claim() { return !answered_.exchange(true); }
  virtual void replied(Writer& result) = 0;
  virtual void failed(std::exception_ptr error) = 0;

 private:
  const std::shared_ptr<Engine> engine_;
  std::atomic<bool> answered_{false};
};

}  // namespace daffi::rpc
