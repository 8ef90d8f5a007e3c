/// @file  The test cluster, and through it a Global's life: waiting, hooks, loss, stop.
#include "daffi/testing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace {

using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::ElementsAre;

TEST(Cluster, HasOneNodeOfEachName) {
  Cluster cluster;
  EXPECT_EQ(&cluster.node("a"), &cluster.node("a"));
  EXPECT_THROW(cluster.node("a", {}), daffi::InitializationError);
  EXPECT_THROW(cluster.cut("nobody"), daffi::UnableToFindCandidate);
  EXPECT_EQ(cluster.node("a").process_name(), "a");
  EXPECT_FALSE(cluster.node("a").is_controller());
}

TEST(Cluster, GivesUpAWaitThatNothingCanEnd) {
  Cluster cluster;
  auto& a = cluster.node("a");
  const auto began = cluster.now();
  EXPECT_THROW(a.wait_process("nobody", 30s), daffi::TimeoutError);
  EXPECT_EQ(cluster.now() - began, 30s);
  EXPECT_THROW(a.join(), daffi::TimeoutError);
}

TEST(Global, WaitsForWhatIsThereNotAtAll) {
  Cluster cluster;
  auto& a = cluster.node("a");
  a.callback("own", [] {});
  const auto began = cluster.now();
  a.wait_process("a");
  a.wait_function("own", 1s);
  EXPECT_EQ(cluster.now(), began);
  EXPECT_THROW(a.wait_process("b", -1), daffi::GlobalContextError);
}

TEST(Global, NeverChoosesItselfUnlessNamed) {
  Cluster cluster;
  auto& a = cluster.node("a");
  a.callback("own", [] { return 1; });
  EXPECT_THROW(a.call("own") & daffi::FG{}, daffi::GlobalContextError);
  EXPECT_EQ((a.call("own") & daffi::FG{.receiver = "a"}).as<int>(), 1);
}

TEST(Global, StoppedRefusesEverythingAndStopsTwice) {
  Cluster cluster;
  auto& a = cluster.node("a");
  auto& b = cluster.node("b");
  b.callback("f", [] {});
  cluster.settle();
  a.stop();
  a.stop();
  try {
    a.call("f") & daffi::FG{};
    FAIL();
  } catch (const daffi::GlobalContextError& error) {
    EXPECT_EQ(error.code(), daffi::ErrorCode::stopped);
    EXPECT_EQ(error.message(), "Global can no longer accept remote calls because it was stopped");
  }
  EXPECT_THROW(a.callback("g", [] {}), daffi::GlobalContextError);
  EXPECT_THROW(a.stop(-1), daffi::GlobalContextError);
  a.join();
  cluster.settle();
  EXPECT_FALSE(b.registered_callbacks().contains("a"));
}

struct Hooks {
  std::vector<std::string> seen;
  daffi::GlobalOptions options() {
    daffi::GlobalOptions options;
    options.on_init = [this](daffi::Global& g, const std::string& name) { note("init", g, name); };
    options.on_node_connect = [this](daffi::Global& g, const std::string& name) { note("connect", g, name); };
    options.on_node_disconnect = [this](daffi::Global& g, const std::string& name) { note("disconnect", g, name); };
    return options;
  }
  void note(const char* what, daffi::Global& g, const std::string& name) {
    seen.push_back(std::string(what) + " " + name + (g.process_name() == name ? "" : " elsewhere"));
  }
};

TEST(GlobalHooks, TellOfTheOwnNodeInOrder) {
  Hooks hooks;
  Cluster cluster;
  cluster.node("a", hooks.options());
  cluster.settle();
  EXPECT_THAT(hooks.seen, ElementsAre("init a", "connect a"));
  cluster.cut("a");
  cluster.advance(10s);
  EXPECT_THAT(hooks.seen, ElementsAre("init a", "connect a", "disconnect a", "connect a"));
  hooks.seen.clear();
  cluster.node("a").stop();
  EXPECT_THAT(hooks.seen, ElementsAre("disconnect a"));
}

TEST(GlobalHooks, ThatThrowDoNoHarm) {
  Cluster cluster;
  daffi::GlobalOptions options;
  options.on_init = [](daffi::Global&, const std::string&) { throw std::runtime_error("is logged"); };
  options.on_node_connect = [](daffi::Global&, const std::string&) { throw 5; };
  auto& a = cluster.node("a", options);
  cluster.settle();
  EXPECT_TRUE(a.connected());
}

TEST(GlobalHooks, MayCallOthersAndStopTheirGlobal) {
  Cluster cluster;
  cluster.node("b").callback("f", [] { return 7; });
  int got = 0;
  daffi::GlobalOptions options;
  options.on_node_connect = [&](daffi::Global& g, const std::string&) {
    got = (g.call("f") & daffi::FG{}).as<int>();
    g.stop();
  };
  auto& a = cluster.node("a", options);
  cluster.settle();
  EXPECT_EQ(got, 7);
  EXPECT_FALSE(a.connected());
}

TEST(GlobalLoss, CallsGoOnAfterAReconnection) {
  Cluster cluster;
  auto& service = cluster.node("service");
  service.callback("f", [] { return 1; });
  auto& client = cluster.node("client");
  daffi::Fetch<int()> f(client, "f");
  EXPECT_EQ(f(), 1);
  cluster.cut("service");
  EXPECT_EQ(f(), 1) << "waits for the only holder";
  cluster.cut("client");
  EXPECT_EQ(f(), 1) << "waits for the connection";
  EXPECT_GE(client.stats().reconnects, 1u);
}

// The first of them finds the connection broken; the others must not wait for what they keep from being done.
TEST(GlobalLoss, FoundByCallsThatComeDueLetsThemWaitForTheNextConnection) {
  Cluster cluster;
  cluster.node("service").callback("f", [] { return 1; });
  auto& client = cluster.node("client");
  cluster.settle();
  const daffi::Fetch<int(), daffi::BG> f(client, "f", daffi::BG{.eta = 4s});
  auto finder = f();
  auto second = f();
  auto third = f();
  cluster.freeze("client");
  cluster.stop_controller();
  cluster.advance(4s);
  cluster.thaw("client");
  cluster.start_controller();
  EXPECT_THROW(finder.get(), daffi::RemoteStoppedUnexpectedly) << "it may have been on its way";
  EXPECT_EQ(second.get(), 1);
  EXPECT_EQ(third.get(), 1);
}

TEST(GlobalLoss, OfTheOnlyHolderEndsCallsAfterTheGrace) {
  Cluster cluster;
  cluster.node("service").callback("f", [] { return 1; });
  auto& client = cluster.node("client");
  cluster.settle();
  cluster.isolate("service");
  const auto began = cluster.now();
  EXPECT_THROW(client.call("f") & daffi::FG{}, daffi::Error);
  EXPECT_LE(cluster.now() - began, 6s);
  cluster.join_again("service");
  client.wait_function("f", 60s);
  EXPECT_EQ((client.call("f") & daffi::FG{}).as<int>(), 1);
}

TEST(GlobalLoss, OfTheControllerEndsWithItsReturn) {
  Cluster cluster;
  cluster.node("service").callback("f", [] { return 1; });
  auto& client = cluster.node("client");
  cluster.settle();
  cluster.stop_controller();
  EXPECT_FALSE(client.connected());
  const auto began = cluster.now();
  try {
    client.call("f") & daffi::FG{};
    FAIL();
  } catch (const daffi::Error& error) {
    EXPECT_EQ(error.code(), daffi::ErrorCode::no_controller) << error.message();
    EXPECT_TRUE(error.retryable());
  }
  EXPECT_EQ(cluster.now() - began, 30s);
  cluster.start_controller();
  EXPECT_EQ((client.call("f") & daffi::FG{}).as<int>(), 1);
}

TEST(GlobalLoss, OfAFrozenPeerIsFoundByItsHeartbeat) {
  Cluster cluster;
  cluster.node("service").callback("f", [] { return 1; });
  auto& client = cluster.node("client");
  cluster.settle();
  cluster.freeze("service");
  const auto began = cluster.now();
  EXPECT_THROW(client.call("f") & daffi::FG{}, daffi::RemoteStoppedUnexpectedly);
  EXPECT_LE(cluster.now() - began, 25s);
  cluster.thaw("service");
  client.wait_function("f", 60s);
  EXPECT_EQ((client.call("f") & daffi::FG{}).as<int>(), 1);
}

}  // namespace
