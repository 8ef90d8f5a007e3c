/// @file  The three ways in which a caller waits for a call: blocked, with an AsyncResult, or not at all.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/annotations.hpp"
#include "base/fork.hpp"
#include "rpc/outgoing_call.hpp"

namespace daffi::node {

/// What a call's maker is thrown: a broadcast that ran out of time carries what has arrived.
std::exception_ptr to_exception(base::Failure failure, const detail::CallSpec& spec,
                                const std::vector<detail::Gathered>& arrived);

/// Throws GlobalContextError (stopped) in a child that was forked since: the result comes to its parent.
void refuse_in_child(const base::HomeProcess& home);

/// What is to run once a call has ended. Threads: any.
class Continuations {
 public:
  /// Runs `task` on a handler thread once `end` is done; at once (queued) when it is.
  void add(std::function<void()> task, const rpc::Completion& end, rpc::Engine& engine);
  /// The call's `end` is done.
  void run(rpc::Engine& engine);

 private:
  void run_all(rpc::Engine& engine);

  std::atomic<bool> any_{false};
  base::Mutex mutex_;
  std::vector<std::function<void()>> tasks_ DAFFI_GUARDED_BY(mutex_);
};

/// A call's uuid, made when it is asked for. Threads: any.
class CallUuid {
 public:
  std::string text() const;

 private:
  mutable std::atomic<std::uint64_t> number_{0};
};

/// FG. Lives on the caller's stack until it has settled.
class BlockingCall final : public rpc::OutgoingCall {
 public:
  explicit BlockingCall(const detail::CallSpec& call_spec) : OutgoingCall(call_spec) { waits_itself = true; }
  void settle(rpc::Engine& engine) override { engine.finish(*this); }
};

/// BG. Keeps itself alive until it has settled; its handles after that.
class AsyncCall final : public rpc::OutgoingCall, public detail::PendingCall {
 public:
  /// What all calls of a node have in common. Lives as long as any of them.
  struct Support {
    std::shared_ptr<rpc::Engine> engine;
    const base::Clock& clock;
    std::function<void(AsyncCall&)> cancel;  ///< ends a call that has not settled
  };

  AsyncCall(detail::SharedSpec call_spec, std::shared_ptr<const Support> support)
      : OutgoingCall(*call_spec), kept_spec_(std::move(call_spec)), support_(std::move(support)) {}
  /// `self` is this call.
  void hold(std::shared_ptr<AsyncCall> self) { self_ = std::move(self); }
  void settle(rpc::Engine& engine) override;

  bool ready() const override { return Completion::done(); }
  const detail::Reply& wait(std::optional<std::chrono::nanoseconds> limit) override;
  std::exception_ptr error() const override;
  void cancel() override;
  void on_done(std::function<void()> task) override;
  const std::string& func_name() const override { return spec.name; }
  std::string uuid() const override { return uuid_.text(); }

 private:
  const detail::SharedSpec kept_spec_;
  const std::shared_ptr<const Support> support_;
  const CallUuid uuid_;
  const base::HomeProcess home_;
  Continuations continuations_;
  std::shared_ptr<AsyncCall> self_;
};

/// BG with return_result=False. Owns itself; a failure is logged.
class FireCall final : public rpc::OutgoingCall {
 public:
  FireCall(detail::CallSpec spec, std::function<void()> on_end)
      : OutgoingCall(own_spec_), own_spec_(std::move(spec)), on_end_(std::move(on_end)) {}
  void settle(rpc::Engine& engine) override;

 private:
  const detail::CallSpec own_spec_;
  const std::function<void()> on_end_;
};

}  // namespace daffi::node
