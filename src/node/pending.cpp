/// @file  What happens when a pending call settles, for each way of waiting.
#include "node/pending.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "rpc/task_work.hpp"

namespace daffi::node {
namespace {
std::atomic<std::uint64_t> next_number{1};

[[noreturn]] void fail_in_child() {
  base::throw_failure(
      base::fail(ErrorCode::stopped, "this call was made before fork(): its result comes to the parent process only"));
}
}  // namespace

AsyncCall::AsyncCall(detail::CallSpec call_spec, std::shared_ptr<rpc::Engine> engine, const base::Clock& clock,
                     std::function<void(AsyncCall&)> cancel)
    : OutgoingCall(own_spec_),
      own_spec_(std::move(call_spec)),
      engine_(std::move(engine)),
      clock_(clock),
      cancel_(std::move(cancel)),
      number_(next_number.fetch_add(1)) {}

void AsyncCall::settle(rpc::Engine& engine) {
  const auto keep = std::move(self_);
  std::vector<std::function<void()>> continuations;
  {
    // Under the mutex, so that on_done() either sees the end or is seen here.
    base::Lock lock(mutex_);
    engine.finish(*this);
    continuations.swap(continuations_);
  }
  for (auto& task : continuations) engine.submit_always(*rpc::make_task(std::move(task)));
}

const detail::Reply& AsyncCall::wait(std::optional<std::chrono::nanoseconds> limit) {
  if (!Completion::done()) {
    if (home_.left()) fail_in_child();
    const auto deadline = limit ? base::Deadline::in(clock_, *limit) : base::Deadline::never();
    if (!engine_->wait(*this, deadline)) {
      base::throw_failure(base::fail(ErrorCode::timeout, "Function " + spec.name + " result timed out"));
    }
  }
  if (failure) std::rethrow_exception(to_exception(*failure, spec, reply.gathered));
  return reply;
}

std::exception_ptr AsyncCall::error() const {
  if (!Completion::done() || !failure) return nullptr;
  return to_exception(*failure, spec, reply.gathered);
}

void AsyncCall::cancel() {
  if (!Completion::done() && !home_.left()) cancel_(*this);
}

void AsyncCall::on_done(std::function<void()> task) {
  if (home_.left()) fail_in_child();
  {
    base::Lock lock(mutex_);
    if (!Completion::done()) {
      continuations_.push_back(std::move(task));
      return;
    }
  }
  engine_->submit_always(*rpc::make_task(std::move(task)));
}

std::string AsyncCall::uuid() const {
  static const std::string process = base::random_hex(16);
  return process + "-" + std::to_string(number_);
}

void FireCall::settle(rpc::Engine&) {
  const std::unique_ptr<FireCall> self(this);
  if (failure) {
    base::log(LogLevel::warning, "node",
              "call of '" + spec.name + "', made without wanting a result, failed: " + failure->message);
  }
  on_end_();
}

}  // namespace daffi::node
