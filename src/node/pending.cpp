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

void AsyncCall::settle(rpc::Engine& engine) {
  const auto keep = std::move(self_);
  engine.finish(*this);
  if (continued_.load()) run_continuations(engine);
}

// Called by settle() after the end and by on_done() after it has added: whoever comes second sees both, and each
// continuation is taken out once.
void AsyncCall::run_continuations(rpc::Engine& engine) {
  std::vector<std::function<void()>> continuations;
  {
    base::Lock lock(mutex_);
    continuations.swap(continuations_);
  }
  for (auto& task : continuations) engine.submit_always(*rpc::make_task(std::move(task)));
}

const detail::Reply& AsyncCall::wait(std::optional<std::chrono::nanoseconds> limit) {
  if (!Completion::done()) {
    if (home_.left()) fail_in_child();
    const auto deadline = limit ? base::Deadline::in(support_->clock, *limit) : base::Deadline::never();
    if (!support_->engine->wait(*this, deadline)) {
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
  if (!Completion::done() && !home_.left()) support_->cancel(*this);
}

void AsyncCall::on_done(std::function<void()> task) {
  if (home_.left()) fail_in_child();
  {
    base::Lock lock(mutex_);
    continuations_.push_back(std::move(task));
  }
  continued_.store(true);
  if (Completion::done()) run_continuations(*support_->engine);
}

std::string AsyncCall::uuid() const {
  static const std::string process = base::random_hex(16);
  std::uint64_t number = number_.load();
  if (number == 0) {
    const std::uint64_t mine = next_number.fetch_add(1);
    if (number_.compare_exchange_strong(number, mine)) number = mine;
  }
  return process + "-" + std::to_string(number);
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
