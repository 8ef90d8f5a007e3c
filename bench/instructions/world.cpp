/// @file  World: how its parties are made and how they take turns.
#include "instructions/world.hpp"

#include "instructions/meter.hpp"
#include "program.hpp"

namespace bench {

namespace {

std::vector<std::byte> cookie() { return std::vector<std::byte>(32, std::byte{1}); }

}  // namespace

/// Makes a pair of memory streams and gives one end to the controller.
class World::Connector final : public daffi::net::Connector {
 public:
  Connector(World& world, daffi::net::Loop& loop) : world_(world), loop_(loop) {}

  void connect(daffi::base::Deadline, Done done) override {
    loop_.post([this, done = std::move(done)] {
      auto pair = daffi::net::make_memory_pair();
      world_.controller_->adopt(std::make_unique<PartyStream>(std::move(pair.b)));
      done(std::unique_ptr<daffi::net::Stream>(std::make_unique<PartyStream>(std::move(pair.a))));
    });
  }
  void cancel() override {}
  std::string target() const override { return "memory"; }

 private:
  World& world_;
  daffi::net::Loop& loop_;
};

class World::Environment final : public daffi::global_::Environment {
 public:
  Environment(World& world, PartyLoop& loop) : world_(world), loop_(loop) {}

  daffi::net::Loop& loop() override { return loop_; }
  void on_loop(const std::function<void()>& task) override { task(); }
  daffi::base::Result<std::shared_ptr<daffi::rpc::Engine>> make_engine(const daffi::rpc::EngineOptions&) override {
    return std::shared_ptr<daffi::rpc::Engine>(
        std::make_shared<PartyEngine>(loop_, [this](const auto& done) { world_.run_until(done); }));
  }
  std::unique_ptr<daffi::global_::EventQueue> make_events() override {
    return daffi::global_::make_virtual_events(loop_);
  }
  std::unique_ptr<daffi::net::Connector> make_connector(const daffi::global_::Plan&) override {
    return std::make_unique<Connector>(world_, loop_);
  }
  daffi::base::Result<std::pair<std::unique_ptr<daffi::net::Stream>, std::unique_ptr<daffi::net::Stream>>>
  make_own_connection() override {
    return daffi::base::fail(daffi::ErrorCode::initialization, "the controller is a party of its own");
  }
  daffi::base::Result<daffi::net::Endpoint> listen(daffi::controller::Controller&,
                                                   const daffi::global_::Plan&) override {
    return daffi::base::fail(daffi::ErrorCode::initialization, "the controller is a party of its own");
  }

 private:
  World& world_;
  PartyLoop& loop_;
};

World::World() {
  daffi::controller::Options options;
  options.secrets.cookie = cookie();
  options.name = "controller";
  controller_ = std::make_unique<daffi::controller::Controller>(controller_loop_, options, daffi::controller::Events{});
  callee_ = make(callee_loop_, "callee");
  caller_ = make(caller_loop_, "caller");
}

World::~World() {
  caller_->stop(daffi::Duration());
  callee_->stop(daffi::Duration());
  caller_ = nullptr;
  callee_ = nullptr;
  controller_ = nullptr;
}

std::unique_ptr<daffi::Global> World::make(PartyLoop& loop, const std::string& name) {
  daffi::GlobalOptions options;
  options.process_name = name;
  auto plan = daffi::global_::make_plan(options);
  if (!plan.ok()) fail("a plan was refused");
  plan->node.secrets.cookie = cookie();
  return daffi::global_::Maker::make(std::make_unique<Environment>(*this, loop), std::move(plan).value());
}

void World::run_until(const std::function<bool()>& done) {
  const Meter::Scope pause(Party::nobody);
  while (!done()) {
    bool ran = false;
    for (PartyLoop* loop : loops_) ran = loop->run_ready() || ran;
    if (!ran) pass_time();
  }
}

// Only while joining: what is measured follows from itself.
void World::pass_time() {
  std::optional<daffi::base::SteadyTime> first;
  for (const PartyLoop* loop : loops_) {
    const auto next = loop->next_timer();
    if (next && (!first || *next < *first)) first = next;
  }
  if (!first) fail("nothing can end the wait");
  clock_.advance(std::max(*first - clock_.now(), daffi::base::Duration(1)));
}

}  // namespace bench
