/// @file  Cluster: many processes on one thread and a fake clock.
#include <utility>

#include "base/result.hpp"
#include "controller/controller.hpp"
#include "daffi/testing.hpp"
#include "global/cluster_environment.hpp"
#include "global/pump.hpp"
#include "global/runtime.hpp"

namespace daffi::inline v1::testing {

namespace {

constexpr auto patience = std::chrono::hours(1);
constexpr auto settling = std::chrono::milliseconds(100);

/// Waits of the cluster's thread that know no Global: sync_wait, join.
class ClusterPump final : public global_::Pump {
 public:
  explicit ClusterPump(global_::ClusterWorld& world) : world_(world) {}

  void run_until(const std::function<bool()>& done) override {
    const auto give_up = world_.clock.now() + patience;
    while (!done()) {
      if (world_.loop.step()) continue;
      const auto next = world_.loop.next_timer();
      if (!next || *next > give_up)
        base::throw_failure(base::fail(ErrorCode::wait_timeout, "nothing in this cluster can end the wait"));
      world_.loop.advance(std::max(*next - world_.clock.now(), base::Duration(1)));
    }
  }

 private:
  global_::ClusterWorld& world_;
};

// All of a cluster is one process, and so one user's.
std::vector<std::byte> cookie() { return std::vector<std::byte>(32, std::byte{1}); }

}  // namespace

struct Cluster::Impl {
  global_::ClusterWorld world;
  ClusterPump pump{world};
  global_::PumpScope pumping{pump};
  session::Secrets secrets;  ///< the controller's
  std::unique_ptr<controller::Controller> controller;
  std::map<std::string, std::unique_ptr<Global>> nodes;

  global_::ClusterWorld::Place& place(const std::string& name) {
    if (!nodes.contains(name))
      base::throw_failure(base::fail(ErrorCode::unknown_process, "the cluster has no node '" + name + "'"));
    return world.places[name];
  }
};

Cluster::Cluster() : Cluster(GlobalOptions{}) {}

Cluster::Cluster(const GlobalOptions& controller) : impl_(std::make_unique<Impl>()) {
  impl_->secrets.cookie = cookie();
  impl_->secrets.token = controller.token;
  for (const auto& [role, token] : controller.token_roles) impl_->secrets.roles.push_back({role, token});
  start_controller();
}

Cluster::~Cluster() {
  for (auto& [name, node] : impl_->nodes) node->stop(Duration());
  impl_->nodes.clear();
  impl_->world.hub.listen(nullptr);
  impl_->controller = nullptr;
}

Global& Cluster::node(const std::string& name) {
  const auto found = impl_->nodes.find(name);
  return found != impl_->nodes.end() ? *found->second : node(name, GlobalOptions{});
}

Global& Cluster::node(const std::string& name, GlobalOptions options) { return make(name, name, std::move(options)); }

Global& Cluster::rival(const std::string& name, const std::string& process_name) {
  return make(name, process_name, GlobalOptions{});
}

Global& Cluster::make(const std::string& name, const std::string& process_name, GlobalOptions options) {
  if (impl_->nodes.contains(name))
    base::throw_failure(base::fail(ErrorCode::name_taken, "the cluster has a node '" + name + "' already"));
  options.process_name = process_name;
  options.init_controller = false;
  options.init_node = true;
  options.host.reset();
  options.port.reset();
  options.unix_sock_path.clear();
  options.ssl_certificate.clear();
  options.ssl_key.clear();
  options.ssl_ca.clear();
  if (options.token.empty() || impl_->secrets.token.empty()) options.token = impl_->secrets.token;
  options.token_roles.clear();
  auto plan = global_::make_plan(options);
  if (!plan.ok()) base::throw_failure(std::move(plan).failure());
  plan->node.secrets.cookie = cookie();
  auto runtime = std::make_shared<global_::Runtime>(global_::make_cluster_environment(impl_->world, name),
                                                    std::move(plan).value());
  std::unique_ptr<Global> made(new Global(std::move(runtime)));
  return *(impl_->nodes[name] = std::move(made));
}

void Cluster::remove(const std::string& name) {
  impl_->place(name);
  impl_->nodes.erase(name);
  impl_->world.places.erase(name);
  settle();
}

void Cluster::settle() { impl_->world.loop.advance(settling); }

void Cluster::advance(Duration span) {
  if (span.is_negative())
    base::throw_failure(base::fail(ErrorCode::invalid_modifier, "a cluster's clock does not go backwards"));
  impl_->world.loop.advance(span.nanoseconds());
}

std::chrono::nanoseconds Cluster::now() const { return impl_->world.clock.now().time_since_epoch(); }

void Cluster::cut(const std::string& name) {
  if (const auto link = impl_->place(name).link) link->cut();
  impl_->world.loop.run_ready();
}

void Cluster::isolate(const std::string& name) {
  impl_->place(name).isolated = true;
  cut(name);
}

void Cluster::join_again(const std::string& name) { impl_->place(name).isolated = false; }

void Cluster::freeze(const std::string& name) {
  auto& place = impl_->place(name);
  place.frozen = true;
  if (place.link) place.link->stall(true, true);
}

void Cluster::thaw(const std::string& name) {
  auto& place = impl_->place(name);
  place.frozen = false;
  if (place.link) place.link->stall(false, false);
}

void Cluster::stop_controller() {
  if (!impl_->controller) return;
  impl_->world.hub.listen(nullptr);
  detail::Latch done;
  impl_->controller->stop(std::chrono::seconds(2), [&done] { done.notify(); });
  done.wait();
  impl_->controller = nullptr;
}

void Cluster::start_controller() {
  if (impl_->controller) return;
  controller::Options options;
  options.secrets = impl_->secrets;
  options.require_proof = !options.secrets.token.empty();
  options.name = "controller";
  impl_->controller = std::make_unique<controller::Controller>(impl_->world.loop, options, controller::Events{});
  impl_->world.hub.listen([controller = impl_->controller.get()](std::unique_ptr<net::Stream> stream) {
    controller->adopt(std::move(stream));
  });
}

}  // namespace daffi::inline v1::testing
