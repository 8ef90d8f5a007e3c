/// @file  Runtime, its use: calls, callbacks, waits and counters, handed on to the node.
#include <utility>

#include "base/log.hpp"
#include "global/runtime.hpp"
#include "node/pending.hpp"

namespace daffi::global_ {

void Runtime::check_home() const {
  if (!left_behind()) [[likely]]
    return;
  base::throw_failure(base::fail(ErrorCode::stopped,
                                 "this Global was made before fork() and lives in the parent process only: make a new "
                                 "one in the child"));
}

node::Node& Runtime::node() {
  check_home();
  if (node_) return *node_;
  base::throw_failure(base::fail(ErrorCode::initialization,
                                 "this Global runs no node (init_node=false): it can neither call nor be called"));
}

void Runtime::call(const detail::CallSpec& spec, Writer& arguments, detail::Reply& reply) {
  auto result = node().call(spec, arguments, reply);
  if (!result.ok()) std::rethrow_exception(node::to_exception(std::move(result).failure(), spec, reply.gathered));
}

bool Runtime::sends_at_once() { return node().sends_at_once(); }

std::shared_ptr<detail::PendingCall> Runtime::start_call(detail::SharedSpec spec, Writer& arguments) {
  auto started = node().start_call(std::move(spec), arguments);
  if (!started.ok()) base::throw_failure(std::move(started).failure());
  return std::move(started).value();
}

std::shared_ptr<detail::ItemStream> Runtime::start_stream(const detail::CallSpec& spec, Writer& arguments) {
  auto started = node().start_stream(spec, arguments);
  if (!started.ok()) base::throw_failure(std::move(started).failure());
  return std::move(started).value();
}

void Runtime::feed(const detail::CallSpec& spec, std::unique_ptr<detail::ItemProducer> items) {
  auto fed = node().feed(spec, std::move(items), true);
  if (!fed.ok()) base::throw_failure(std::move(fed).failure());
  (*fed)->wait(std::nullopt);
}

std::shared_ptr<detail::PendingCall> Runtime::start_feed(const detail::CallSpec& spec,
                                                         std::unique_ptr<detail::ItemProducer> items) {
  auto fed = node().feed(spec, std::move(items), false);
  if (!fed.ok()) base::throw_failure(std::move(fed).failure());
  return spec.return_result ? std::move(fed).value() : nullptr;
}

std::uint32_t Runtime::add_callback(detail::CallbackSpec spec) {
  check_home();
  if (stopped())
    base::throw_failure(base::fail(ErrorCode::stopped, "Global can no longer take callbacks because it was stopped"));
  base::log(LogLevel::debug, "global", "callback registered: " + spec.signature.text(spec.name));
  return node().add_callback(std::move(spec)).id;
}

void Runtime::remove_callback(std::uint32_t id) {
  if (auto* node = node_if()) node->remove_callback(id);
}

std::shared_ptr<const void> Runtime::adopt(std::uint64_t entry, const detail::CallbackSpec& spec) {
  auto* const node = node_if();
  if (node == nullptr || stopped()) return nullptr;
  auto added = node->add_callback(spec);
  const base::Lock lock(registered_mutex_);
  adopted_[entry] = added.id;
  return std::move(added.replaced);
}

void Runtime::abandon(std::uint64_t entry) {
  if (left_behind()) return;
  std::uint32_t id = 0;
  {
    const base::Lock lock(registered_mutex_);
    const auto found = adopted_.find(entry);
    if (found == adopted_.end()) return;
    id = found->second;
    adopted_.erase(found);
  }
  remove_callback(id);
}

base::Deadline Runtime::deadline_in(Duration timeout, const char* what) {
  if (timeout.is_negative())
    base::throw_failure(
        base::fail(ErrorCode::invalid_modifier, std::string("timeout of ") + what + " must not be negative"));
  return timeout.is_zero() ? base::Deadline::never()
                           : base::Deadline::in(environment_->loop().clock(), timeout.nanoseconds());
}

void Runtime::wait(Subject subject, const std::string& name, Duration timeout) {
  const bool process = subject == Subject::process;
  const auto deadline = deadline_in(timeout, process ? "wait_process" : "wait_function");
  auto result = process ? node().wait_process(name, deadline) : node().wait_function(name, deadline);
  if (!result.ok()) base::throw_failure(std::move(result).failure());
}

void Runtime::wait_async(Subject subject, const std::string& name, Duration timeout, WaitDone done) {
  const bool process = subject == Subject::process;
  const auto deadline = deadline_in(timeout, process ? "wait_process_async" : "wait_function_async");
  auto finish = [done = std::move(done)](base::Result<void> result) {
    done(result.ok() ? nullptr : base::to_exception(std::move(result).failure()));
  };
  if (process)
    node().wait_process_async(name, deadline, std::move(finish));
  else
    node().wait_function_async(name, deadline, std::move(finish));
}

std::map<std::string, std::vector<std::string>> Runtime::registered_callbacks() {
  if (node_ || !controller_) return node().registered_callbacks();
  check_home();
  std::map<std::string, std::vector<std::string>> names;
  environment_->on_loop([&] { names = controller_->registered_callbacks(); });
  return names;
}

GlobalStats Runtime::stats() {
  check_home();
  GlobalStats stats;
  if (node_) {
    const auto node = node_->stats();
    stats.pending_calls = node.pending_calls;
    stats.running_calls = node.running_calls;
    stats.queued_requests = node.queued_requests;
    stats.handler_threads = node.handler_threads;
    stats.transfers = node.transfers;
    stats.calls_sent = node.calls_sent;
    stats.calls_served = node.calls_served;
    stats.late_replies = node.late_replies;
    stats.bounced = node.bounced;
    stats.resent = node.resent;
    stats.refused_busy = node.refused_busy;
    stats.refused_draining = node.refused_draining;
    stats.expired_unrun = node.expired_unrun;
    stats.reconnects = node.reconnects;
    stats.scheduled_tasks = node.scheduled_tasks;
    stats.scheduled_runs = node.scheduled_runs;
    stats.skipped_runs = node.skipped_runs;
  }
  if (controller_) {
    controller::Stats seen;
    environment_->on_loop([&] { seen = controller_->stats(); });
    stats.members = seen.members;
    stats.frames_switched = seen.frames_switched;
    stats.bytes_switched = seen.bytes_switched;
    stats.refused_sessions = seen.refused_sessions;
    stats.bad_frames = seen.bad_frames;
    stats.slow_consumers = seen.slow_consumers;
  }
  return stats;
}

}  // namespace daffi::global_
