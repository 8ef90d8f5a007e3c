/// @file  Runtime: what stands behind a Global: the roles of one process, their beginning and their end.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/annotations.hpp"
#include "base/fork.hpp"
#include "daffi/detail/core.hpp"
#include "daffi/global.hpp"
#include "global/default_registry.hpp"
#include "global/environment.hpp"
#include "global/plan.hpp"
#include "net/descriptor.hpp"
#include "node/node.hpp"

namespace daffi::global_ {

/// Threads: any. Handles refer to it weakly; whoever is inside a call keeps it alive, stopped, until the call has
/// ended. Lock order: state_mutex_ and registered_mutex_ are leaves: nothing is called under them.
class Runtime final : public detail::Core, public RegistryClient, public std::enable_shared_from_this<Runtime> {
 public:
  Runtime(std::unique_ptr<Environment> environment, Plan plan);
  ~Runtime() override;

  /// Brings the roles up: the controller, the own node, the listening. Blocks. Hooks get `owner`. On failure everything
  /// is down again.
  base::Result<void> start(Global& owner);
  /// on_init, and from now on the other hooks.
  void started(Global& owner);
  void stop(base::Duration limit);
  void join();
  void join_or_signal();
  bool stopped() const;
  /// True in a child of the process it was made in: none of its threads is there, none of its locks can be trusted.
  bool left_behind() const { return home_.left(); }
  /// Keeps it for ever, untouched: what a child does instead of destroying it.
  static void abandon_whole(std::shared_ptr<Runtime> runtime);

  // detail::Core.
  void call(const detail::CallSpec& spec, Writer& arguments, detail::Reply& reply) override;
  bool sends_at_once() override;
  std::shared_ptr<detail::PendingCall> start_call(detail::SharedSpec spec, Writer& arguments) override;
  ScheduledTask schedule(const detail::CallSpec& spec, Writer& arguments) override;
  bool cancel_task(const std::string& process, const std::string& uuid) override;
  std::shared_ptr<detail::ItemStream> start_stream(const detail::CallSpec& spec, Writer& arguments) override;
  void feed(const detail::CallSpec& spec, std::unique_ptr<detail::ItemProducer> items) override;
  std::shared_ptr<detail::PendingCall> start_feed(const detail::CallSpec& spec,
                                                  std::unique_ptr<detail::ItemProducer> items) override;
  std::uint32_t add_callback(detail::CallbackSpec spec) override;
  void remove_callback(std::uint32_t id) override;
  void wait_async(Subject subject, const std::string& name, Duration timeout, WaitDone done) override;
  detail::HolderFacts look_up(const std::string& callback, const std::string& receiver) override {
    return node().look_up(callback, receiver);
  }
  bool runs_code_of(const std::string& process) override { return node().runs_code_of(process); }
  bool runs_code_of(std::uint32_t member) override { return node().runs_code_of(member); }
  std::string name_of(std::uint32_t member) override { return node().name_of(member); }
  std::string refuser_of_code(const std::string& callback, const std::string& receiver) override {
    return node().refuser_of_code(callback, receiver);
  }
  bool speaks_python(const std::string& process) override { return node().speaks_python(process); }

  // RegistryClient.
  std::shared_ptr<const void> adopt(std::uint64_t entry, const detail::CallbackSpec& spec) override;
  void abandon(std::uint64_t entry) override;

  void wait(Subject subject, const std::string& name, Duration timeout);
  base::Deadline deadline_in(Duration timeout, const char* what);
  /// Throws when there is none, or none in this process.
  node::Node& node();
  node::Node* node_if() const { return left_behind() ? nullptr : node_.get(); }
  const Plan& plan() const { return plan_; }
  /// Where the controller listens, or where the node connects to.
  const net::Endpoint& endpoint() const { return endpoint_; }
  GlobalStats stats();
  /// As the own node knows them; without one, as the controller here does.
  std::map<std::string, std::vector<std::string>> registered_callbacks();
  std::vector<ScheduledTaskInfo> tasks_of(const std::string& process);

 private:
  enum class State { starting, running, stopping, stopped };

  base::Result<void> start_controller();
  base::Result<void> start_node();
  base::Result<void> listen();
  controller::Events controller_events();
  node::Events node_events();
  /// Queues a hook for what happened to `process`'s node.
  void tell(const LifecycleHook& hook, const std::string& process);
  void tell_own(bool connected);
  /// Throws in a child of the process it was made in.
  void check_home() const;
  bool in_own_thread() const;
  void bring_down(base::Duration limit);
  void stop_controller(base::Duration limit);

  const base::HomeProcess home_;
  const std::unique_ptr<Environment> environment_;
  const Plan plan_;
  net::Endpoint endpoint_;
  Global* owner_ = nullptr;  // set before any hook can run, valid until stop() has returned
  std::unique_ptr<EventQueue> events_;
  std::shared_ptr<rpc::Engine> engine_;
  std::unique_ptr<controller::Controller> controller_;  // made, used and destroyed on the loop's thread
  std::unique_ptr<node::Node> node_;

  mutable base::Mutex state_mutex_;
  base::ConditionVariable state_changed_;
  State state_ DAFFI_GUARDED_BY(state_mutex_) = State::starting;
  bool hooks_open_ DAFFI_GUARDED_BY(state_mutex_) = false;
  std::vector<std::function<void()>> held_hooks_ DAFFI_GUARDED_BY(state_mutex_);  // until on_init has returned
  bool own_connected_ DAFFI_GUARDED_BY(state_mutex_) = false;
  const net::Descriptor stopped_event_;  // readable once stopped

  base::Mutex registered_mutex_;
  std::map<std::uint64_t, std::uint32_t> adopted_ DAFFI_GUARDED_BY(registered_mutex_);
};

}  // namespace daffi::global_
