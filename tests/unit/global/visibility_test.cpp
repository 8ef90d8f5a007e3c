/// @file  Who sees what when, and what becomes of calls meanwhile: the rules of membership, through whole clusters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daffi/testing.hpp"

namespace {

using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;

constexpr auto grace = 5s;

template <typename Action>
daffi::ErrorCode code_of(Action action) {
  try {
    action();
  } catch (const daffi::Error& error) {
    return error.code();
  }
  return daffi::ErrorCode{};
}

int call(daffi::Global& g, const std::string& name) { return (g.call(name) & daffi::FG{}).as<int>(); }

class ClusterVisibility : public ::testing::Test {
 protected:
  const daffi::Member* find(daffi::Global& as_seen_by, const std::string& name) {
    members_ = as_seen_by.members();
    for (const auto& member : members_)
      if (member.process_name == name) return &member;
    return nullptr;
  }
  Cluster cluster;
  std::vector<daffi::Member> members_;
};

TEST_F(ClusterVisibility, AMemberAppearsTogetherWithItsCallbacks) {
  auto& watcher = cluster.node("watcher");
  const daffi::ScopedRegistration first = daffi::callback("first", [] {});
  const daffi::ScopedRegistration second = daffi::callback("second", [] {});
  cluster.node("service");
  bool seen = false;
  for (int ms = 0; ms < 100 && !seen; ++ms) {
    const auto known = watcher.registered_callbacks();
    seen = known.contains("service");
    if (seen) {
      EXPECT_THAT(known.at("service"), ElementsAre("first", "second"));
    }
    cluster.advance(1ms);
  }
  EXPECT_TRUE(seen);
}

TEST_F(ClusterVisibility, ACalleeKnowsItsCallerAndAllThatItHasRegistered) {
  auto& old = cluster.node("old");
  std::vector<std::string> known;
  old.callback("answer", [&](const daffi::CallContext& context) {
    known = old.registered_callbacks()[context.caller()];
    return (old.call("own") & daffi::FG{.receiver = context.caller()}).as<int>();
  });
  cluster.settle();
  auto& fresh = cluster.node("fresh");
  fresh.callback("own", [] { return 3; });
  EXPECT_EQ(call(fresh, "answer"), 3);
  EXPECT_THAT(known, ElementsAre("own"));
  fresh.callback("later", [] {});
  EXPECT_EQ(call(fresh, "answer"), 3);
  EXPECT_THAT(known, ElementsAre("own", "later"));
}

TEST_F(ClusterVisibility, CallsThatReachedNobodyGoElsewhereBeforeTheDeathIsKnown) {
  for (const char* name : {"dying", "other"})
    cluster.node(name).callback("length", [](std::string text) { return text.size(); });
  auto& client = cluster.node("client");
  client.wait_function("length", 1s);
  cluster.settle();
  cluster.freeze("dying");
  // Half of them go to each. What a connection holds is a megabyte: the rest for the dying one waits at the controller.
  daffi::Fetch<std::size_t(std::string)> length(client, "length");
  const std::string text(60'000, 'x');
  std::vector<daffi::AsyncResult<std::size_t>> results;
  for (int i = 0; i < 80; ++i) results.push_back(length.call(daffi::BG{}, text));
  cluster.settle();
  cluster.isolate("dying");
  cluster.settle();
  int answered = 0;
  int perhaps_run = 0;
  for (auto& result : results) {
    ASSERT_TRUE(result.ready());
    const auto code = code_of([&] { answered += result.get() == text.size() ? 1 : 0; });
    perhaps_run += code == daffi::ErrorCode::remote_stopped ? 1 : 0;
  }
  EXPECT_EQ(answered + perhaps_run, 80);
  EXPECT_GE(perhaps_run, 1) << "what was on its way to the dying one may have run";
  EXPECT_LE(perhaps_run, 20);
  EXPECT_GE(client.stats().bounced, 6u);
}

TEST_F(ClusterVisibility, NewCallsGoToOtherHoldersThanTheSuspendedAtOnce) {
  cluster.node("lost").callback("f", [] { return 1; });
  cluster.node("there").callback("f", [] { return 2; });
  auto& client = cluster.node("client");
  cluster.settle();
  cluster.isolate("lost");
  cluster.settle();
  const auto began = cluster.now();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(call(client, "f"), 2);
  EXPECT_EQ(cluster.now(), began);
}

TEST_F(ClusterVisibility, ASoleHolderThatIsSuspendedIsWaitedForDuringTheGraceOnly) {
  cluster.node("sole").callback("f", [] { return 1; });
  auto& client = cluster.node("client");
  cluster.settle();
  cluster.isolate("sole");
  cluster.settle();
  auto began = cluster.now();
  EXPECT_EQ(code_of([&] { client.call("f") & daffi::FG{.timeout = 1s}; }), daffi::ErrorCode::wait_timeout);
  EXPECT_EQ(cluster.now() - began, 1s);
  EXPECT_EQ(code_of([&] { call(client, "f"); }), daffi::ErrorCode::remote_stopped_not_run);
  EXPECT_LE(cluster.now() - began, grace + 1s);
  began = cluster.now();
  cluster.advance(grace);
  EXPECT_EQ(code_of([&] { call(client, "f"); }), daffi::ErrorCode::unknown_callback) << "it has left";
}

TEST_F(ClusterVisibility, AGoodbyeSkipsTheGrace) {
  cluster.node("service").callback("f", [] { return 1; });
  auto& client = cluster.node("client");
  cluster.settle();
  cluster.remove("service");
  EXPECT_EQ(find(client, "service"), nullptr);
  const auto began = cluster.now();
  EXPECT_EQ(code_of([&] { call(client, "f"); }), daffi::ErrorCode::unknown_callback);
  EXPECT_EQ(cluster.now(), began);
}

TEST_F(ClusterVisibility, AProcessThatConnectsAgainSupersedesItsOldConnectionAtOnce) {
  auto& service = cluster.node("service", {.heartbeat = 1s});
  service.callback("f", [] { return 1; });
  auto& client = cluster.node("client");
  cluster.settle();
  // Its own heartbeat gives the connection up; the controller, which is patient, has noticed nothing.
  cluster.freeze("service");
  cluster.advance(2500ms);
  EXPECT_FALSE(service.connected());
  ASSERT_NE(find(client, "service"), nullptr);
  EXPECT_FALSE(find(client, "service")->suspended);
  cluster.thaw("service");
  const auto began = cluster.now();
  cluster.advance(1500ms);
  EXPECT_TRUE(service.connected());
  EXPECT_EQ(call(client, "f"), 1);
  EXPECT_LT(cluster.now() - began, grace);
  // The end of the old connection is nobody's end.
  cluster.advance(30s);
  EXPECT_EQ(members_.size(), 2u);
  ASSERT_NE(find(client, "service"), nullptr);
  EXPECT_FALSE(find(client, "service")->suspended);
  EXPECT_TRUE(service.connected());
}

TEST_F(ClusterVisibility, WhoTakesTheNameOfOneThatLeftDoesNotGetItsAnswers) {
  cluster.node("service").callback("f", [](int value) { return value; });
  auto& client = cluster.node("client");
  client.wait_function("f", 1s);
  cluster.freeze("service");
  auto lost = daffi::Fetch<int(int)>(client, "f").call(daffi::BG{}, 1);
  cluster.settle();
  client.stop(0s);
  cluster.remove("client");
  auto& fresh = cluster.node("client");
  fresh.wait_function("f", 1s);
  auto own = daffi::Fetch<int(int)>(fresh, "f").call(daffi::BG{}, 2);
  cluster.thaw("service");
  cluster.settle();
  EXPECT_EQ(own.get(), 2);
  EXPECT_EQ(fresh.stats().late_replies, 0u) << "its member id is another";
}

TEST_F(ClusterVisibility, AnAnswerOfAnotherEpochReachesNobody) {
  auto& service = cluster.node("service");
  bool restart = true;
  service.callback("f", [&] {
    if (std::exchange(restart, false)) {
      cluster.stop_controller();
      cluster.start_controller();
      cluster.advance(3s);
    }
    return 1;
  });
  auto& client = cluster.node("client");
  client.wait_function("f", 1s);
  EXPECT_EQ(code_of([&] { call(client, "f"); }), daffi::ErrorCode::lost_controller);
  cluster.settle();
  EXPECT_TRUE(service.connected());
  EXPECT_EQ(client.stats().late_replies, 0u)
      << "the controller kept back what was meant for a member of its predecessor";
  EXPECT_EQ(call(client, "f"), 1);
}

TEST_F(ClusterVisibility, WaitsDoNotCountTheSuspended) {
  cluster.node("service").callback("f", [] {});
  auto& client = cluster.node("client");
  cluster.settle();
  cluster.isolate("service");
  cluster.settle();
  ASSERT_TRUE(find(client, "service")->suspended);
  EXPECT_EQ(code_of([&] { client.wait_process("service", 1s); }), daffi::ErrorCode::wait_timeout);
  EXPECT_EQ(code_of([&] { client.wait_function("f", 1s); }), daffi::ErrorCode::wait_timeout);
  ASSERT_NE(find(client, "service"), nullptr) << "all that within its grace";
  cluster.join_again("service");
  client.wait_function("f", 3s);
  client.wait_process("service", 0s);
}

TEST_F(ClusterVisibility, CallsPendingOnAClosedConnectionEndAtOnce) {
  cluster.node("service").callback("f", [] { return 1; });
  auto& client = cluster.node("client");
  client.wait_function("f", 1s);
  cluster.freeze("service");
  daffi::Fetch<int()> f(client, "f");
  auto by_death = f.call(daffi::BG{});
  cluster.settle();
  EXPECT_FALSE(by_death.ready());
  cluster.isolate("service");
  cluster.advance(20ms);
  ASSERT_TRUE(by_death.ready());
  EXPECT_EQ(code_of([&] { (void)by_death.get(); }), daffi::ErrorCode::remote_stopped);
  cluster.join_again("service");
  cluster.thaw("service");
  client.wait_function("f", 10s);
  cluster.freeze("service");
  auto by_own_loss = f.call(daffi::BG{});
  cluster.settle();
  cluster.cut("client");
  ASSERT_TRUE(by_own_loss.ready());
  EXPECT_EQ(code_of([&] { (void)by_own_loss.get(); }), daffi::ErrorCode::lost_controller);
}

TEST_F(ClusterVisibility, NamesKnownBeforeARestartAreExpectedDuringTheGrace) {
  cluster.node("service").callback("f", [] { return 1; });
  cluster.node("gone").callback("g", [] { return 1; });
  auto& client = cluster.node("client");
  client.wait_function("g", 1s);
  cluster.stop_controller();
  cluster.isolate("service");
  cluster.isolate("gone");
  cluster.start_controller();
  cluster.advance(1500ms);
  ASSERT_TRUE(client.connected());
  ASSERT_EQ(find(client, "service"), nullptr) << "the new controller knows nothing of it";
  auto waiting = daffi::Fetch<int()>(client, "f").call(daffi::BG{});
  cluster.advance(1s);
  EXPECT_FALSE(waiting.ready());
  cluster.join_again("service");
  EXPECT_EQ(waiting.get(), 1);
  const auto began = cluster.now();
  EXPECT_NE(code_of([&] { call(client, "g"); }), daffi::ErrorCode{});
  EXPECT_LE(cluster.now() - began, grace);
  EXPECT_EQ(code_of([&] { call(client, "never_there"); }), daffi::ErrorCode::unknown_callback);
}

}  // namespace
