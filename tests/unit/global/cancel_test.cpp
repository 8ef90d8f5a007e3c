/// @file  Coroutines that serve a call and wait, when their caller wants no more: they end at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daffi/testing.hpp"

namespace {

using daffi::AsyncGenerator;
using daffi::BG;
using daffi::Fetch;
using daffi::Stream;
using daffi::Task;
using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

using Notes = std::vector<std::string>;

struct Note {
  Notes& notes;
  std::string text;
  ~Note() { notes.push_back(text); }
};

Task<void> wait_for_nobody(daffi::Global& g, Notes& notes) {
  const Note gone{notes, "inner"};
  co_await g.wait_process_async("nobody");
}

AsyncGenerator<int> then_waits(daffi::Global& g, Notes& notes) {
  const Note gone{notes, "generator"};
  co_yield 1;
  co_await wait_for_nobody(g, notes);
  co_yield 2;
}

AsyncGenerator<int> of_another(daffi::Global& g, Notes& notes) {
  const Note gone{notes, "outer"};
  auto inner = then_waits(g, notes);
  while (const int* item = co_await inner.next()) co_yield *item;
}

AsyncGenerator<int> then_calls(daffi::Global& g, Notes& notes) {
  const Note gone{notes, "generator"};
  const Fetch<int(), BG> slow(g, "slow");
  co_yield 1;
  co_yield co_await slow();
}

AsyncGenerator<int> of_a_stream(daffi::Global& g, Notes& notes) {
  const Note gone{notes, "outer"};
  auto stream = Fetch<Stream<int>()>(g, "slow_items")();
  while (auto item = co_await stream.next()) co_yield *item;
}

AsyncGenerator<int> stubborn(daffi::Global& g, Notes& notes) {
  const Note gone{notes, "generator"};
  co_yield 1;
  for (int i = 0; i < 3; ++i) {
    try {
      co_await g.wait_process_async("nobody");
    } catch (const daffi::CancelledError&) {
      notes.push_back("cancelled");
    }
  }
  co_yield 2;
  notes.push_back("went on");
}

// Somebody else's: nothing of ours can cancel it.
struct Foreign {
  std::coroutine_handle<>& waiting;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) const noexcept { waiting = coroutine; }
  void await_resume() const noexcept {}
};
AsyncGenerator<int> waits_elsewhere(std::coroutine_handle<>& waiting, Notes& notes) {
  const Note gone{notes, "generator"};
  co_yield 1;
  co_await Foreign{waiting};
  co_yield 2;
}

Task<int> awaits_call(daffi::Global& g, Notes& notes) {
  const Note gone{notes, "task"};
  co_return co_await Fetch<int(), BG>(g, "slow")();
}
Task<int> awaits_task(daffi::Global& g, Notes& notes) { co_return co_await awaits_call(g, notes) + 1; }

class Cancel : public testing::Test {
 protected:
  Cancel() {
    third.callback("slow", [this](daffi::CallContext& context) -> Task<int> { return slow(context); });
    third.callback("slow_items", [this] { return slow_items(); });
    service.callback("waits", [this] { return then_waits(service, notes); });
    service.callback("of_another", [this] { return of_another(service, notes); });
    service.callback("calls", [this] { return then_calls(service, notes); });
    service.callback("of_a_stream", [this] { return of_a_stream(service, notes); });
    service.callback("stubborn", [this] { return stubborn(service, notes); });
    service.callback("elsewhere", [this] { return waits_elsewhere(foreign, notes); });
    service.callback("task", [this] { return awaits_task(service, notes); });
    cluster.settle();
  }
  Task<int> slow(daffi::CallContext context) {
    const Note ended{notes, "slow ended"};
    stop = context.stop_token();
    co_await third.wait_process_async("nobody");
    co_return 1;
  }
  AsyncGenerator<int> slow_items() {
    const Note ended{notes, "slow ended"};
    co_yield 7;
    co_await third.wait_process_async("nobody");
  }
  // Takes one item, by then the generator waits, and leaves.
  void leave_early(const std::string& name) {
    auto stream = Fetch<Stream<int>()>(client, name)();
    (void)*stream.begin();
    cluster.settle();
    EXPECT_THAT(notes, IsEmpty());
    stream.close();
    cluster.settle();
  }

  Cluster cluster;
  daffi::Global& service = cluster.node("service");
  daffi::Global& third = cluster.node("third");
  daffi::Global& client = cluster.node("client");
  Notes notes;
  std::stop_token stop;
  std::coroutine_handle<> foreign;
};

TEST_F(Cancel, EndsAGeneratorThatWaitsInsideATask) {
  leave_early("waits");
  EXPECT_THAT(notes, ElementsAre("inner", "generator"));
  EXPECT_EQ(service.stats().running_calls, 0u);
}

TEST_F(Cancel, EndsAGeneratorInsideAGenerator) {
  leave_early("of_another");
  EXPECT_THAT(notes, ElementsAre("inner", "generator", "outer"));
}

TEST_F(Cancel, EndsTheCallThatAGeneratorWaitsFor) {
  leave_early("calls");
  EXPECT_THAT(notes, ElementsAre("generator", "slow ended"));
  EXPECT_TRUE(stop.stop_requested());
  EXPECT_EQ(third.stats().running_calls, 0u);
}

TEST_F(Cancel, EndsTheStreamThatAGeneratorTakesFrom) {
  leave_early("of_a_stream");
  EXPECT_THAT(notes, ElementsAre("outer", "slow ended"));
}

TEST_F(Cancel, ThrowsAgainWhereItWasCaughtAndEndsAtTheNextItem) {
  leave_early("stubborn");
  EXPECT_THAT(notes, ElementsAre("cancelled", "cancelled", "cancelled", "generator"));
}

TEST_F(Cancel, LeavesWhatIsNotOursToItsOwnEnd) {
  leave_early("elsewhere");
  EXPECT_THAT(notes, IsEmpty());
  foreign.resume();
  cluster.settle();
  EXPECT_THAT(notes, ElementsAre("generator"));
}

TEST_F(Cancel, ComesWithTheTimeout) {
  const auto began = cluster.now();
  auto stream = Fetch<Stream<int>()>(client, "waits").call(daffi::FG{.timeout = 2s});
  EXPECT_THROW(for ([[maybe_unused]] int item : stream){}, daffi::TimeoutError);
  cluster.settle();
  EXPECT_THAT(notes, ElementsAre("inner", "generator"));
  EXPECT_LE(cluster.now() - began, 2s + 200ms);
}

TEST_F(Cancel, ComesWithTheDeathOfTheCaller) {
  auto stream = Fetch<Stream<int>()>(client, "waits")();
  (void)*stream.begin();
  auto task = Fetch<int(), BG>(client, "task")();
  cluster.settle();
  EXPECT_THAT(notes, IsEmpty());
  cluster.isolate("client");
  cluster.settle();
  EXPECT_THAT(notes, testing::UnorderedElementsAre("inner", "generator", "task", "slow ended"));
}

TEST_F(Cancel, ComesWithTheEndOfTheRegistration) {
  auto registration = service.callback("brief", [this] { return then_waits(service, notes); });
  cluster.settle();
  auto stream = Fetch<Stream<int>()>(client, "brief")();
  (void)*stream.begin();
  cluster.settle();
  registration.unregister();
  cluster.settle();
  EXPECT_THAT(notes, ElementsAre("inner", "generator"));
}

TEST_F(Cancel, OfACallCancelsWhatItsTaskWaitsFor) {
  auto call = Fetch<int(), BG>(client, "task")();
  cluster.settle();
  call.cancel();
  EXPECT_THROW((void)call.get(), daffi::CancelledError);
  cluster.settle();
  EXPECT_THAT(notes, ElementsAre("task", "slow ended"));
  EXPECT_TRUE(stop.stop_requested());
  EXPECT_EQ(service.stats().running_calls + third.stats().running_calls, 0u);
  EXPECT_EQ(service.stats().pending_calls, 0u);
}

TEST_F(Cancel, ByTimeCancelsWhatItsTaskWaitsFor) {
  auto call = Fetch<int(), BG>(client, "task").call(BG{.timeout = 1s});
  EXPECT_THROW((void)call.get(), daffi::TimeoutError);
  cluster.settle();
  EXPECT_THAT(notes, ElementsAre("task", "slow ended"));
}

// The callback has raised no error of its own: its process stops, and that is what its caller is told.
TEST_F(Cancel, ByTheEndOfItsProcessIsToldAsThat) {
  service.callback("alone", [this] { return wait_for_nobody(service, notes); });
  cluster.settle();
  auto call = Fetch<void(), BG>(client, "alone").call(BG{.timeout = 60s});
  cluster.settle();
  service.stop(0s);
  cluster.settle();
  try {
    call.get();
    ADD_FAILURE() << "it has a result";
  } catch (const daffi::Error& error) {
    EXPECT_EQ(error.code(), daffi::ErrorCode::remote_stopped) << error.what();
    EXPECT_TRUE(error.may_have_run());
  }
}

TEST_F(Cancel, DoesNotReachATaskWhoseCallerWantedNoResult) {
  bool ended = false;
  const auto slow = [](daffi::Global& g, bool& flag) -> Task<void> {
    co_await g.wait_process_async("late");
    flag = true;
  };
  service.callback("forgotten", [&] { return slow(service, ended); });
  cluster.settle();
  client.call("forgotten") & BG{.return_result = false};
  cluster.settle();
  cluster.remove("client");
  cluster.settle();
  cluster.node("late");
  cluster.settle();
  EXPECT_TRUE(ended);
}

TEST_F(Cancel, OfAStreamOfCallsEndsItsSource) {
  third.callback("take", [](int) {});
  cluster.settle();
  const auto source = [this] { return then_waits(client, notes); };
  auto fed = Fetch<void(), BG>(client, "take", source)();
  cluster.settle();
  EXPECT_THAT(notes, IsEmpty());
  fed.cancel();
  EXPECT_THROW(fed.get(), daffi::CancelledError);
  EXPECT_THAT(notes, ElementsAre("inner", "generator"));
}

}  // namespace
