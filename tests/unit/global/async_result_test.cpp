/// @file  AsyncResult and Task: results that come later, and code that waits for them.
#include "daffi/async_result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "daffi/testing.hpp"

namespace {

using daffi::BG;
using daffi::testing::Cluster;
using namespace std::chrono_literals;

struct AsyncTest : testing::Test {
  Cluster cluster;
  daffi::Global& service = cluster.node("service");
  daffi::Global& client = cluster.node("client");
  std::stop_token stop;

  AsyncTest() {
    service.callback("square", [](int number) { return number * number; });
    service.callback("fail", []() -> int { throw std::runtime_error("boom"); });
    service.callback("slow", [this](daffi::CallContext& context) -> daffi::Task<int> { return slow(context); });
    cluster.settle();
  }
  // Five seconds long, by waiting for a process that never comes.
  daffi::Task<int> slow(daffi::CallContext context) {
    stop = context.stop_token();
    try {
      co_await service.wait_process_async("nobody", 5s);
    } catch (const daffi::TimeoutError&) {
    }
    co_return 5;
  }

  daffi::Fetch<int(int), BG> square{client, "square"};
  daffi::Fetch<int(), BG> fail{client, "fail"};
  daffi::Fetch<int(), BG> slow_call{client, "slow"};
};

TEST(Task, OfACallbackIsDestroyedWhenItsGlobalStops) {
  const auto alive = std::make_shared<int>(0);
  {
    Cluster cluster;
    daffi::Global& service = cluster.node("service");
    service.callback("wait", [&service, alive]() -> daffi::Task<int> {
      const auto held = alive;
      co_await service.wait_process_async("nobody");
      co_return *held;
    });
    daffi::Fetch<int(), BG> wait{cluster.node("client"), "wait"};
    cluster.settle();
    const auto result = wait();
    cluster.settle();
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST_F(AsyncTest, GivesTheSameErrorEachTime) {
  const auto result = fail();
  EXPECT_THROW(result.get(), daffi::RemoteCallError);
  EXPECT_THROW(result.get(), daffi::RemoteCallError);
  EXPECT_TRUE(result.ready());
  EXPECT_NE(result.error(), nullptr);
}

TEST_F(AsyncTest, GoesOnAfterAGetThatTimedOut) {
  const auto result = slow_call();
  const auto began = cluster.now();
  EXPECT_THROW(result.get(2s), daffi::TimeoutError);
  EXPECT_EQ(cluster.now() - began, 2s);
  EXPECT_FALSE(result.ready());
  EXPECT_EQ(result.error(), nullptr);
  EXPECT_EQ(result.get(), 5);
  EXPECT_EQ(result.get(1s), 5);
  EXPECT_EQ(result.error(), nullptr);
}

TEST_F(AsyncTest, TimesOutByItsModifier) {
  const auto result = slow_call.call(BG{.timeout = 3s});
  EXPECT_THROW(result.get(), daffi::TimeoutError);
  EXPECT_THROW(result.get(), daffi::TimeoutError);
}

TEST_F(AsyncTest, CancelEndsItHereAndThere) {
  const auto result = slow_call();
  cluster.settle();
  result.cancel();
  EXPECT_THROW(result.get(), daffi::CancelledError);
  cluster.settle();
  EXPECT_TRUE(stop.stop_requested());
  result.cancel();
}

TEST_F(AsyncTest, NotMadeByAnyCallHasNothingToGet) {
  const daffi::AsyncResult<int> none;
  EXPECT_FALSE(none.valid());
  EXPECT_THROW((void)none.ready(), daffi::GlobalContextError);
  EXPECT_THROW(none.get(), daffi::GlobalContextError);
}

TEST_F(AsyncTest, RefusesANegativeWait) { EXPECT_THROW(square(1).get(-1), daffi::GlobalContextError); }

TEST_F(AsyncTest, TellsThenWhenItHasEnded) {
  std::vector<int> seen;
  const auto result = square(3);
  result.then([&](const daffi::AsyncResult<int>& done) { seen.push_back(done.get()); });
  EXPECT_TRUE(seen.empty());
  EXPECT_EQ(result.get(), 9);
  cluster.settle();
  result.then([&](const daffi::AsyncResult<int>& done) { seen.push_back(done.get() + 1); });
  result.then([](const daffi::AsyncResult<int>&) { throw std::runtime_error("is logged"); });
  cluster.settle();
  EXPECT_EQ(seen, (std::vector<int>{9, 10}));
}

TEST_F(AsyncTest, NamesItsCall) {
  const auto result = square(3);
  EXPECT_EQ(result.func_name(), "square");
  EXPECT_FALSE(result.uuid().empty());
  EXPECT_NE(result.uuid(), square(3).uuid());
}

// Tasks.

daffi::Task<int> sum_of_squares(daffi::Fetch<int(int), BG> square, int a, int b) {
  const auto first = square(a);  // both under way at once
  const auto second = square(b);
  const int x = co_await first;
  const int y = co_await second;
  co_return x + y;
}

TEST_F(AsyncTest, IsAwaitedByATask) { EXPECT_EQ(daffi::sync_wait(sum_of_squares(square, 3, 4)), 25); }

daffi::Task<std::string> words_of(daffi::Fetch<int(), BG> fail) {
  try {
    (void)co_await fail();
  } catch (const daffi::RemoteCallError& error) {
    co_return error.remote()->message;
  }
  co_return "no error";
}

TEST_F(AsyncTest, ThrowsIntoTheTaskThatAwaitsIt) { EXPECT_EQ(daffi::sync_wait(words_of(fail)), "boom"); }

daffi::Task<void> await_and_note(daffi::AsyncResult<int> result, int& got) { got = co_await result; }

// Begins a task and lets go of it at its first suspension.
struct Started {
  struct promise_type {
    Started get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};
Started start(daffi::Task<void> task) { co_await std::move(task); }

TEST_F(AsyncTest, DestroyingTheTaskThatAwaitsItCancelsTheCall) {
  int got = 0;
  const auto result = slow_call();
  auto started = start(await_and_note(result, got));
  cluster.settle();
  started.handle.destroy();
  EXPECT_THROW(result.get(), daffi::CancelledError);
  cluster.settle();
  EXPECT_TRUE(stop.stop_requested());
  EXPECT_EQ(got, 0);
}

TEST_F(AsyncTest, StoppingTheGlobalEndsTheTaskThatAwaitsIt) {
  auto& brief = cluster.node("brief");
  daffi::Fetch<int(), BG> call(brief, "slow");
  int got = 0;
  auto started = start(await_and_note(call(), got));
  cluster.settle();
  brief.stop(0);
  cluster.settle();
  EXPECT_TRUE(started.handle.done());
  started.handle.destroy();
}

TEST_F(AsyncTest, WaitsForProcessesAndFunctionsWithoutBlocking) {
  const auto wait = [](daffi::Global& global) -> daffi::Task<int> {
    co_await global.wait_function_async("soon", 10s);
    try {
      co_await global.wait_process_async("nobody", 10s);
    } catch (const daffi::TimeoutError& error) {
      co_return error.code() == daffi::ErrorCode::wait_timeout ? 1 : 2;
    }
    co_return 3;
  };
  service.callback("soon", [] {});
  EXPECT_EQ(daffi::sync_wait(wait(client)), 1);
}

TEST(Task, RunsOnlyWhenAwaited) {
  bool ran = false;
  const auto make = [](bool& flag) -> daffi::Task<void> {
    flag = true;
    co_return;
  };
  auto task = make(ran);
  EXPECT_FALSE(ran);
  daffi::sync_wait(std::move(task));
  EXPECT_TRUE(ran);
}

TEST(Task, PassesErrorsAndMoveOnlyValuesUp) {
  const auto make = [](bool fine) -> daffi::Task<std::unique_ptr<int>> {
    if (!fine) throw std::logic_error("no");
    co_return std::make_unique<int>(7);
  };
  EXPECT_EQ(*daffi::sync_wait(make(true)), 7);
  EXPECT_THROW(daffi::sync_wait(make(false)), std::logic_error);
}

daffi::Task<int> descend(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await descend(depth - 1);
}

TEST(Task, NestsDeeply) { EXPECT_EQ(daffi::sync_wait(descend(1000)), 1000); }

}  // namespace
