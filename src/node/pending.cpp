/// @file  What happens when a pending call settles, for each way of waiting.
#include "node/pending.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "rpc/task_work.hpp"

namespace daffi::node {
namespace {
std::atomic<std::uint64_t> next_number{1};
}  // namespace

void refuse_in_child(const base::HomeProcess& home) {
  if (!home.left()) return;
  base::throw_failure(
      base::fail(ErrorCode::stopped, "this call was made before fork(): its result comes to the parent process only"));
}

void Continuations::add(std::function<void()> task, const rpc::Completion& end, rpc::Engine& engine) {
  {
    base::Lock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  any_.store(true);
  if (end.done()) run_all(engine);
}

void Continuations::run(rpc::Engine& engine) {
  if (any_.load()) run_all(engine);
}

// Called after the end, and after something was added: whoever comes second sees both, and each task is taken out once.
void Continuations::run_all(rpc::Engine& engine) {
  std::vector<std::function<void()>> tasks;
  {
    base::Lock lock(mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) engine.submit_always(*rpc::make_task(std::move(task)));
}

std::string CallUuid::text() const {
  static const std::string process = base::random_hex(16);
  std::uint64_t number = number_.load();
  if (number == 0) {
    const std::uint64_t mine = next_number.fetch_add(1);
    if (number_.compare_exchange_strong(number, mine)) number = mine;
  }
  return process + "-" + std::to_string(number);
}

void AsyncCall::settle(rpc::Engine& engine) {
  const auto keep = std::move(self_);
  large = {};
  engine.finish(*this);
  continuations_.run(engine);
}

const detail::Reply& AsyncCall::wait(std::optional<std::chrono::nanoseconds> limit) {
  if (!Completion::done()) {
    refuse_in_child(home_);
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
  refuse_in_child(home_);
  continuations_.add(std::move(task), *this, *support_->engine);
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
