/// @file  The environment of a test cluster's Globals.
#include "global/cluster_environment.hpp"

#include <utility>

#include "rpc/inline_engine.hpp"

namespace daffi::global_ {

namespace {

/// Connects through the hub, unless the process is isolated.
class ClusterConnector final : public net::Connector {
 public:
  ClusterConnector(ClusterWorld& world, std::string name)
      : world_(world),
        name_(std::move(name)),
        inner_(world.hub.connector([this](auto link) { on_link(std::move(link)); })) {}

  void connect(base::Deadline deadline, Done done) override {
    if (!world_.places[name_].isolated) return inner_->connect(deadline, std::move(done));
    refusal_ = std::make_shared<Done>(std::move(done));
    world_.loop.post([waiting = std::weak_ptr<Done>(refusal_)] {
      if (const auto waiting_done = waiting.lock())
        (*waiting_done)(base::fail(ErrorCode::no_controller, "isolated from the controller"));
    });
  }
  void cancel() override {
    refusal_ = nullptr;
    inner_->cancel();
  }
  std::string target() const override { return "the cluster's controller"; }

 private:
  void on_link(std::shared_ptr<net::MemoryLink> link) {
    auto& place = world_.places[name_];
    if (place.frozen) link->stall(true, true);
    place.link = std::move(link);
  }

  ClusterWorld& world_;
  const std::string name_;
  const std::unique_ptr<net::Connector> inner_;
  std::shared_ptr<Done> refusal_;
};

class ClusterEnvironment final : public Environment {
 public:
  ClusterEnvironment(ClusterWorld& world, std::string place) : world_(world), place_(std::move(place)) {}

  net::Loop& loop() override { return world_.loop; }
  void on_loop(const std::function<void()>& task) override { task(); }
  base::Result<std::shared_ptr<rpc::Engine>> make_engine(const rpc::EngineOptions& options) override {
    return rpc::make_inline_engine(world_.loop, options);
  }
  std::unique_ptr<EventQueue> make_events() override { return make_virtual_events(world_.loop); }
  std::unique_ptr<net::Connector> make_connector(const Plan&) override {
    return std::make_unique<ClusterConnector>(world_, place_);
  }
  base::Result<std::pair<std::unique_ptr<net::Stream>, std::unique_ptr<net::Stream>>> make_own_connection() override {
    auto pair = net::make_memory_pair();
    return std::pair(std::move(pair.a), std::move(pair.b));
  }
  base::Result<net::Endpoint> listen(controller::Controller&, const Plan&) override {
    return base::fail(ErrorCode::initialization, "a cluster has its own controller");
  }

 private:
  ClusterWorld& world_;
  const std::string place_;
};

}  // namespace

std::unique_ptr<Environment> make_cluster_environment(ClusterWorld& world, const std::string& place) {
  return std::make_unique<ClusterEnvironment>(world, place);
}

}  // namespace daffi::global_
