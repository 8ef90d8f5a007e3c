/// @file  Runtime, its life: the order in which roles come up and go down, and what the hooks are told.
#include "global/runtime.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "base/log.hpp"
#include "global/own_connector.hpp"
#include "global/pump.hpp"
#include "global/signal_watch.hpp"
#include "rpc/interrupt.hpp"

namespace daffi::global_ {

namespace {

/// How long a controller may take to tell its members that it stops.
constexpr auto controller_goodbye = std::chrono::seconds(2);

void run_hook(const LifecycleHook& hook, const char* name, Global& global, const std::string& process) {
  try {
    hook(global, process);
  } catch (const std::exception& error) {
    base::log(LogLevel::error, "global", std::string(name) + " threw: " + error.what());
  } catch (...) {
    base::log(LogLevel::error, "global", std::string(name) + " threw something that is no std::exception");
  }
}

}  // namespace

Runtime::Runtime(std::unique_ptr<Environment> environment, Plan plan)
    : environment_(std::move(environment)),
      plan_(std::move(plan)),
      endpoint_(plan_.endpoint),
      events_(environment_->make_events()),
      stopped_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Runtime::~Runtime() {
  // The node needs the loop to the last, the own node's connector the controller.
  node_ = nullptr;
  environment_->on_loop([this] { controller_ = nullptr; });
}

base::Result<void> Runtime::start(Global& owner) {
  owner_ = &owner;
  base::Result<void> result;
  if (plan_.init_controller) result = start_controller();
  // The own node is registered before anybody else can connect.
  if (result.ok() && plan_.init_node) result = start_node();
  if (result.ok() && plan_.init_controller) result = listen();
  if (!result.ok()) {
    stop(base::Duration::zero());
    return result;
  }
  const base::Lock lock(state_mutex_);
  if (state_ == State::starting) state_ = State::running;
  return result;
}

base::Result<void> Runtime::start_controller() {
  environment_->on_loop([this] {
    controller_ = std::make_unique<controller::Controller>(environment_->loop(), plan_.controller, controller_events());
  });
  return {};
}

base::Result<void> Runtime::start_node() {
  auto engine = environment_->make_engine(plan_.engine);
  if (!engine.ok()) return std::move(engine).failure();
  engine_ = std::move(engine).value();
  auto connector = controller_ ? make_own_connector(*environment_, *controller_) : environment_->make_connector(plan_);
  node_ = std::make_unique<node::Node>(environment_->loop(), engine_, std::move(connector), plan_.node, node_events());
  for (const auto& [kind, runner] : plan_.code_runners) node_->add_code_runner(kind, runner);
  // Before it connects, so that the node and its callbacks appear together.
  if (plan_.callbacks) {
    for (const auto& spec : *plan_.callbacks) node_->add_callback(spec);
  } else {
    join_default_registry(shared_from_this());
  }
  return node_->start();
}

base::Result<void> Runtime::listen() {
  std::optional<base::Result<net::Endpoint>> listening;
  environment_->on_loop([&] { listening.emplace(environment_->listen(*controller_, plan_)); });
  if (!listening->ok()) return std::move(*listening).failure();
  endpoint_ = std::move(*listening).value();
  return {};
}

void Runtime::started(Global& owner) {
  if (plan_.on_init) run_hook(plan_.on_init, "on_init", owner, plan_.process_name);
  std::vector<std::function<void()>> held;
  {
    const base::Lock lock(state_mutex_);
    hooks_open_ = true;
    held.swap(held_hooks_);
    // Posted under the lock, so that no later hook overtakes them; posting calls nothing.
    for (auto& hook : held) events_->post(std::move(hook));
  }
}

controller::Events Runtime::controller_events() {
  controller::Events events;
  events.member_joined = [this](const std::string& name) {
    if (name != plan_.process_name || !plan_.init_node) tell(plan_.on_node_connect, name);
  };
  events.member_left = [this](const std::string& name, const std::string&) {
    if (name != plan_.process_name || !plan_.init_node) tell(plan_.on_node_disconnect, name);
  };
  return events;
}

node::Events Runtime::node_events() {
  return {[this] { tell_own(true); }, [this](const std::string&) { tell_own(false); }};
}

// The node's connection and stop() may both report a loss; the hook hears of it once.
void Runtime::tell_own(bool connected) {
  {
    const base::Lock lock(state_mutex_);
    if (std::exchange(own_connected_, connected) == connected) return;
  }
  tell(connected ? plan_.on_node_connect : plan_.on_node_disconnect, plan_.process_name);
}

void Runtime::tell(const LifecycleHook& hook, const std::string& process) {
  if (!hook) return;
  const char* const name = &hook == &plan_.on_node_connect ? "on_node_connect" : "on_node_disconnect";
  auto event = [this, &hook, name, process] { run_hook(hook, name, *owner_, process); };
  const base::Lock lock(state_mutex_);
  // What the others do when this process stops is not reported; its own leaving is.
  if (state_ != State::starting && state_ != State::running && process != plan_.process_name) return;
  if (hooks_open_)
    events_->post(std::move(event));
  else if (state_ == State::starting || state_ == State::running)
    held_hooks_.push_back(std::move(event));
}

bool Runtime::in_own_thread() const { return events_->running_here() || (engine_ && engine_->in_handler()); }

void Runtime::abandon_whole(std::shared_ptr<Runtime> runtime) {
  struct Kept {
    std::shared_ptr<Runtime> runtime;
    Kept* next;
  };
  static constinit std::atomic<Kept*> all{nullptr};
  auto* kept = new Kept{std::move(runtime), all.load()};
  while (!all.compare_exchange_weak(kept->next, kept)) {
  }
}

bool Runtime::stopped() const {
  if (left_behind()) return true;
  const base::Lock lock(state_mutex_);
  return state_ == State::stopped || state_ == State::stopping;
}

void Runtime::stop(base::Duration limit) {
  if (left_behind()) return;
  const rpc::WaitInterrupt none(nullptr);  // half a stop would leave what its rest waits for
  {
    base::Lock lock(state_mutex_);
    if (state_ == State::stopping && !in_own_thread() && current_pump() == nullptr)
      while (state_ != State::stopped) state_changed_.wait(lock);
    if (state_ == State::stopping || state_ == State::stopped) return;
    state_ = State::stopping;
  }
  bring_down(limit);
  // All under the mutex: whoever learns of the end may destroy this as soon as it is let go.
  const base::Lock lock(state_mutex_);
  state_ = State::stopped;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stopped_event_.get(), &one, sizeof one);
  state_changed_.notify_all();
}

void Runtime::bring_down(base::Duration limit) {
  leave_default_registry(this);
  if (node_) {
    node_->stop(limit);
    tell_own(false);
  }
  if (controller_) stop_controller(std::min<base::Duration>(limit, controller_goodbye));
  events_->finish();
  base::log(LogLevel::info, "global", plan_.process_name + " stopped");
}

void Runtime::stop_controller(base::Duration limit) {
  detail::Latch done;
  environment_->on_loop([&] { controller_->stop(limit, [&done] { done.notify(); }); });
  done.wait();
}

void Runtime::join() {
  check_home();
  if (auto* pump = current_pump()) return pump->run_until([this] { return stopped(); });
  base::Lock lock(state_mutex_);
  while (state_ != State::stopped) state_changed_.wait(lock);
}

void Runtime::join_or_signal() {
  check_home();
  const SignalWatch signals;
  if (signals.wait(stopped_event_.get())) {
    base::log(LogLevel::info, "global", plan_.process_name + " stops on a signal; a second one ends it at once");
    stop(plan_.drain_timeout);
  }
  join();
}

}  // namespace daffi::global_
