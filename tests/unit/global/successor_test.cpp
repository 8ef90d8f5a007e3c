/// @file  Calls to a callback whose holders are all stopping: they wait a while for a successor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "daffi/testing.hpp"

namespace {

using daffi::BG;
using daffi::BROADCAST;
using daffi::ErrorCode;
using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

constexpr auto grace = 5s;

daffi::Generator<int> numbers() {
  co_yield 1;
  co_yield 2;
}

class Successor : public testing::Test {
 protected:
  Successor() { begin("service", 1); }

  // A process with f(), and one call in hand, so that its stop() takes until its limit.
  daffi::Global& begin(const std::string& name, int answer) {
    auto& g = cluster.node(name);
    g.callback("f", [answer] { return answer; });
    g.callback("hang",
               [this]() -> daffi::Task<void> { co_await cluster.node("client").wait_process_async("nobody", 99s); });
    cluster.settle();
    held.push_back(client.call("hang") & BG{.receiver = name});
    cluster.settle();
    return g;
  }
  // A call that is looked for a place for when the stop() which follows has begun.
  daffi::AsyncResult<int> call_soon(BG how = {}) {
    how.eta = 100ms;
    return f.call(how);
  }
  std::optional<daffi::Error> error_of(daffi::AsyncResult<int>& result) {
    try {
      (void)result.get();
    } catch (const daffi::Error& error) {
      return error;
    }
    return std::nullopt;
  }

  Cluster cluster;
  daffi::Global& client = cluster.node("client");
  daffi::Fetch<int()> f{client, "f"};
  std::vector<daffi::AsyncResult<daffi::Value>> held;
};

TEST_F(Successor, OfTheOnlyHolderTakesTheCallThatFoundItStopping) {
  auto waiting = call_soon();
  cluster.node("service").stop(2s);
  cluster.remove("service");
  cluster.advance(1s);
  EXPECT_FALSE(waiting.ready());
  const auto began = cluster.now();
  cluster.node("next").callback("f", [] { return 2; });
  EXPECT_EQ(waiting.get(), 2);
  EXPECT_LT(cluster.now() - began, 100ms);
}

TEST_F(Successor, TakesTheCallThatTheStoppingOneRefused) {
  auto crossing = f.call(BG{});
  cluster.node("service").stop(2s);
  cluster.settle();
  EXPECT_EQ(client.stats().resent, 1u);
  EXPECT_FALSE(crossing.ready());
  cluster.node("next").callback("f", [] { return 2; });
  EXPECT_EQ(crossing.get(), 2);
}

TEST_F(Successor, TakesTheCallThatCrossedAGoodbye) {
  cluster.node("idle").callback("g", [] { return 1; });
  cluster.settle();
  cluster.freeze("client");
  auto crossing = daffi::Fetch<int()>(client, "g").call(BG{});
  cluster.remove("idle");
  cluster.node("next").callback("g", [] { return 2; });
  cluster.settle();
  cluster.thaw("client");
  EXPECT_EQ(crossing.get(), 2);
  EXPECT_EQ(client.stats().bounced, 1u);
}

TEST_F(Successor, TakesTheCallThatCrossedTheNewsOfALoss) {
  cluster.node("next").callback("f", [] { return 2; });
  cluster.settle();
  cluster.freeze("client");
  std::vector<daffi::AsyncResult<int>> crossing;
  for (int i = 0; i < 4; ++i) crossing.push_back(f.call(BG{}));
  cluster.isolate("service");
  cluster.settle();
  cluster.thaw("client");
  for (auto& result : crossing) EXPECT_EQ(result.get(), 2);
  EXPECT_EQ(client.stats().bounced, 2u);
}

TEST_F(Successor, IsWaitedForDuringTheGraceOnly) {
  auto waiting = call_soon();
  const auto began = cluster.now();
  std::optional<std::chrono::nanoseconds> ended;
  waiting.then([&](auto) { ended = cluster.now(); });
  cluster.node("service").stop(20s);
  ASSERT_TRUE(ended);
  EXPECT_GE(*ended - began, grace);
  EXPECT_LE(*ended - began, grace + 200ms);
  const auto error = error_of(waiting);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::draining);
  EXPECT_TRUE(error->retryable());
  EXPECT_FALSE(error->may_have_run());
}

TEST_F(Successor, IsWaitedForAfterTheLastHolderHasLeft) {
  auto waiting = call_soon();
  cluster.node("service").stop(1s);
  cluster.remove("service");
  cluster.settle();
  EXPECT_FALSE(waiting.ready());
  cluster.advance(grace);
  ASSERT_TRUE(waiting.ready());
  const auto error = error_of(waiting);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::draining) << "it was stopped in order";
}

TEST_F(Successor, IsWaitedForNoLongerThanTheTimeout) {
  auto waiting = call_soon({.timeout = 1s});
  const auto began = cluster.now();
  std::optional<std::chrono::nanoseconds> ended;
  waiting.then([&](auto) { ended = cluster.now(); });
  cluster.node("service").stop(20s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended - began, 1100ms);
  const auto error = error_of(waiting);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::wait_timeout);
  EXPECT_THAT(error->message(), HasSubstr("is stopping"));
}

TEST_F(Successor, OfANamedReceiverHasItsName) {
  begin("other", 3);
  auto waiting = call_soon({.receiver = "service"});
  cluster.node("service").stop(1s);
  cluster.remove("service");
  cluster.settle();
  EXPECT_FALSE(waiting.ready());
  cluster.node("service").callback("f", [] { return 2; });
  EXPECT_EQ(waiting.get(), 2);
}

TEST_F(Successor, OfItselfIsNotWaitedFor) {
  auto& service = cluster.node("service");
  auto own = daffi::Fetch<int()>(service, "f").call(BG{.eta = 100ms, .receiver = "service"});
  const auto began = cluster.now();
  std::optional<std::chrono::nanoseconds> ended;
  own.then([&](auto) { ended = cluster.now(); });
  service.stop(20s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended - began, 100ms);
  EXPECT_EQ(error_of(own)->code(), ErrorCode::draining);
}

TEST_F(Successor, IsWaitedForByBroadcastsToo) {
  auto all = daffi::Fetch<int(), BROADCAST>(client, "f").start(BROADCAST{.eta = 100ms});
  cluster.node("service").stop(1s);
  EXPECT_FALSE(all.ready());
  cluster.node("next").callback("f", [] { return 2; });
  EXPECT_THAT(all.get(), ElementsAre(Key("next")));
}

TEST_F(Successor, TakesTheStreamThatWasToBegin) {
  std::vector<int> taken;
  auto& service = cluster.node("service");
  auto& next = cluster.node("next");
  service.callback("take", [&](int item) { taken.push_back(item); });
  next.callback("begin", [&] { next.callback("take", [&](int item) { taken.push_back(-item); }); });
  cluster.settle();
  // Opening a stream blocks, here inside the stop(): so the successor begins by itself.
  auto fed = daffi::Fetch<void(), BG>(client, "take", numbers).call(BG{.eta = 100ms});
  const auto begun = client.call("begin") & BG{.eta = 500ms};
  service.stop(2s);
  fed.get();
  EXPECT_THAT(taken, ElementsAre(-1, -2));
}

TEST_F(Successor, TakesTheCallAlsoUnderAnotherController) {
  auto waiting = call_soon();
  cluster.node("service").stop(1s);
  cluster.remove("service");
  cluster.stop_controller();
  cluster.start_controller();
  cluster.advance(2s);
  ASSERT_TRUE(client.connected());
  EXPECT_FALSE(waiting.ready());
  cluster.node("next").callback("f", [] { return 2; });
  EXPECT_EQ(waiting.get(), 2);
}

}  // namespace
