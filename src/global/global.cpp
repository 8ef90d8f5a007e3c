/// @file  Global: the public face of a Runtime.
#include "daffi/global.hpp"

#include <utility>

#include "base/annotations.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "global/callback_list.hpp"
#include "global/maker.hpp"
#include "global/runtime.hpp"

namespace daffi::inline v1 {

namespace {

global_::Plan checked_plan(const GlobalOptions& options) {
  auto plan = global_::make_plan(options);
  if (!plan.ok()) base::throw_failure(std::move(plan).failure());
  return std::move(plan).value();
}

std::shared_ptr<global_::Runtime> make_runtime(global_::Plan plan) {
  auto environment = global_::make_real_environment();
  if (!environment.ok()) base::throw_failure(std::move(environment).failure());
  return std::make_shared<global_::Runtime>(std::move(environment).value(), std::move(plan));
}

std::string describe(const global_::Runtime& runtime) {
  const auto& plan = runtime.plan();
  const char* role = !plan.init_node ? "controller" : plan.init_controller ? "controller and node" : "node";
  return plan.process_name + " started: " + role + " at " + runtime.endpoint().to_string();
}

class RegisteredHere final : public detail::Registered {
 public:
  RegisteredHere(std::weak_ptr<detail::Core> core, std::vector<std::uint32_t> ids)
      : core_(std::move(core)), ids_(std::move(ids)) {}
  void unregister() override {
    std::vector<std::uint32_t> ids;
    {
      const base::Lock lock(mutex_);
      ids.swap(ids_);
    }
    const auto core = core_.lock();
    if (!core) return;
    for (const auto id : ids) core->remove_callback(id);
  }

 private:
  const std::weak_ptr<detail::Core> core_;
  base::Mutex mutex_;
  std::vector<std::uint32_t> ids_ DAFFI_GUARDED_BY(mutex_);
};

}  // namespace

namespace detail {

std::weak_ptr<Core> core_of(const Global& global) { return global.core(); }

}  // namespace detail

Global::Global(const GlobalOptions& options) : Global(make_runtime(checked_plan(options))) {}

Global::Global(std::shared_ptr<global_::Runtime> runtime) : runtime_(std::move(runtime)) {
  auto started = runtime_->start(*this);
  if (!started.ok()) base::throw_failure(std::move(started).failure());
  base::log(LogLevel::info, "global", describe(*runtime_));
  runtime_->started(*this);
}

Global::~Global() {
  if (runtime_->left_behind())
    global_::Runtime::abandon_whole(std::move(runtime_));
  else
    runtime_->stop(runtime_->plan().drain_timeout);
}

void Global::join() { runtime_->join(); }

void Global::join(JoinOptions options) {
  if (options.stop_on_signals)
    runtime_->join_or_signal();
  else
    runtime_->join();
}

void Global::stop() { runtime_->stop(runtime_->plan().drain_timeout); }

void Global::stop(Duration deadline) {
  if (deadline.is_negative())
    base::throw_failure(base::fail(ErrorCode::invalid_modifier, "the deadline of stop() must not be negative"));
  runtime_->stop(deadline.nanoseconds());
}

void Global::wait_process(const std::string& process_name, Duration timeout) {
  runtime_->wait(detail::Core::Subject::process, process_name, timeout);
}

void Global::wait_function(const std::string& func_name, Duration timeout) {
  runtime_->wait(detail::Core::Subject::function, func_name, timeout);
}

DirectoryWait Global::wait_process_async(std::string process_name, Duration timeout) {
  return {core(), detail::Core::Subject::process, std::move(process_name), timeout};
}

DirectoryWait Global::wait_function_async(std::string func_name, Duration timeout) {
  return {core(), detail::Core::Subject::function, std::move(func_name), timeout};
}

std::map<std::string, std::vector<std::string>> Global::registered_callbacks() const {
  return runtime_->registered_callbacks();
}

std::vector<Member> Global::members() const {
  std::vector<Member> members;
  for (auto& view : runtime_->node().members()) {
    Member& member = members.emplace_back();
    member.self = view.process_name == process_name();
    member.process_name = std::move(view.process_name);
    member.language = std::move(view.language);
    member.identity = std::move(view.identity);
    member.suspended = view.suspended;
    member.draining = view.draining;
    for (auto& callback : view.callbacks)
      member.callbacks.push_back(
          {std::move(callback.name), std::move(callback.signature), std::move(callback.callers)});
  }
  return members;
}

std::string Global::documentation(const std::string& process_name, const std::string& func_name,
                                  Duration timeout) const {
  auto text = runtime_->node().documentation(process_name, func_name, runtime_->deadline_in(timeout, "documentation"));
  if (!text.ok()) base::throw_failure(std::move(text).failure());
  return std::move(text).value();
}

bool Global::is_controller() const { return runtime_->plan().init_controller; }
const std::string& Global::process_name() const { return runtime_->plan().process_name; }

std::uint16_t Global::port() const {
  const auto& endpoint = runtime_->endpoint();
  return endpoint.kind == net::Endpoint::Kind::tcp ? endpoint.port : std::uint16_t{0};
}

std::string Global::unix_sock_path() const {
  const auto& endpoint = runtime_->endpoint();
  return endpoint.kind == net::Endpoint::Kind::unix_socket ? endpoint.socket_path() : std::string();
}

bool Global::connected() const {
  const auto* node = runtime_->node_if();
  return node != nullptr && node->connected();
}

GlobalStats Global::stats() const { return runtime_->stats(); }

std::weak_ptr<detail::Core> Global::core() const { return runtime_; }

Registration Global::add(detail::CallbackList list) {
  std::vector<std::uint32_t> ids;
  for (auto& spec : list.impl().specs) ids.push_back(runtime_->add_callback(std::move(spec)));
  return Registration(std::make_shared<RegisteredHere>(core(), std::move(ids)));
}

}  // namespace daffi::inline v1

namespace daffi::global_ {

std::unique_ptr<Global> Maker::make(const GlobalOptions& options, Setup setup) {
  Plan plan = checked_plan(options);
  plan.node.language = std::move(setup.language);
  plan.callbacks = std::move(setup.callbacks);
  plan.code_runners = std::move(setup.code_runners);
  return std::unique_ptr<Global>(new Global(make_runtime(std::move(plan))));
}

std::unique_ptr<Global> Maker::make(std::unique_ptr<Environment> environment, Plan plan) {
  return std::unique_ptr<Global>(new Global(std::make_shared<Runtime>(std::move(environment), std::move(plan))));
}

}  // namespace daffi::global_
