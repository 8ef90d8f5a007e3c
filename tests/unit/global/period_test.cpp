/// @file  PERIOD as users meet it: what it takes and refuses, what it gives, and what is told of tasks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "daffi/testing.hpp"
#include "support/process.hpp"

namespace daffi {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The cluster's wall clock begins here and moves with the other one.
constexpr double kBegin = 1'893'456'000;

class Period : public ::testing::Test {
 protected:
  Period() {
    worker_.callback("tick", [this](int step) { ticks_ += step; });
    worker_.callback("fail", [] { throw std::runtime_error("on purpose"); });
    cluster_.settle();
    began_ = cluster_.now();
  }
  // So many seconds after the test began.
  double at(double seconds) const { return kBegin + seconds + begin_gap(); }
  double begin_gap() const { return std::chrono::duration<double>(began_ - 1h).count(); }

  template <typename E>
  std::string refusal(const PERIOD& period) {
    try {
      tick_.call(period, 1);
    } catch (const E& error) {
      return error.message();
    }
    ADD_FAILURE() << "no such error";
    return "";
  }

  testing::Cluster cluster_;
  Global& worker_ = cluster_.node("worker");
  Global& client_ = cluster_.node("client");
  Fetch<void(int)> tick_{client_, "tick"};
  std::chrono::nanoseconds began_{};
  int ticks_ = 0;
};

TEST_F(Period, NeedsOneOfTheTwoAndSaysSo) {
  EXPECT_THAT(refusal<InitializationError>({}), HasSubstr("needs at_time or interval"));
  EXPECT_THAT(refusal<InitializationError>({.interval = 0}), HasSubstr("needs at_time or interval"));
  EXPECT_THAT(refusal<InitializationError>({.at_time = at(5), .interval = 5}), HasSubstr("not both"));
  EXPECT_THAT(refusal<InitializationError>({.interval = 5, .period = 5}), HasSubstr("not both"));
  EXPECT_THAT(refusal<GlobalContextError>({.interval = -5}), HasSubstr("interval of PERIOD"));
  EXPECT_THROW((void)PERIOD{.interval = "five"}, GlobalContextError);
}

TEST_F(Period, NamesTheMomentThatIsNotInTheFuture) {
  EXPECT_THAT(refusal<InitializationError>({.at_time = {at(5), at(-1), at(6)}}),
              AllOf(HasSubstr("number 2 of 3"), HasSubstr("2029-12-31T23:59:59")));
  EXPECT_THAT(refusal<InitializationError>({.at_time = 0}), HasSubstr("1970-01-01T00:00:00Z"));
  EXPECT_THAT(refusal<InitializationError>({.at_time = std::vector<double>(1001, at(5))}), HasSubstr("1001"));
  EXPECT_THROW((void)PERIOD{.at_time = 1e30}, InitializationError);
  EXPECT_TRUE(tick_.call(PERIOD{.at_time = std::vector<double>(1000, at(5))}, 1).valid());
}

TEST_F(Period, RefusesIntervalsThatAreTooShortOrTooLong) {
  EXPECT_THAT(refusal<InitializationError>({.interval = "1 us"}), HasSubstr("at least 1ms"));
  EXPECT_THAT(refusal<InitializationError>({.interval = "73000 days"}), HasSubstr("hundred years"));
}

TEST_F(Period, RunsAgainAndAgainUntilItIsCancelled) {
  const auto task = tick_.call(PERIOD{.interval = "5s"}, 10);
  EXPECT_EQ(task.func_name(), "tick");
  EXPECT_EQ(task.process_name(), "worker");
  cluster_.advance(16s);
  EXPECT_EQ(ticks_, 30);
  EXPECT_TRUE(task.cancel());
  cluster_.advance(1h);
  EXPECT_EQ(ticks_, 30);
  EXPECT_FALSE(task.cancel());
}

TEST_F(Period, TakesMomentsInEveryShape) {
  using Clock = std::chrono::system_clock;
  const Clock::time_point point{std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(at(10)))};
  tick_.call(PERIOD{.at_time = point}, 1);
  tick_.call(PERIOD{.at_time = {point, point + 5s}}, 1);
  tick_.call(PERIOD{.at_time = std::array{at(10), at(11)}}, 1);
  tick_.call(PERIOD{.at_time = std::vector{std::chrono::ceil<std::chrono::seconds>(point)}}, 1);
  tick_.call(PERIOD{.at_time = static_cast<long>(at(10) + 1)}, 1);
  cluster_.advance(1min);
  EXPECT_EQ(ticks_, 7);
}

TEST_F(Period, IsTheModifierOfAFetchAndOfAnUntypedCall) {
  Fetch<void(int), PERIOD> fetch{client_, "tick", PERIOD{.period = 2}};
  const ScheduledTask typed = fetch(1);
  const ScheduledTask untyped = client_.call("tick", 100) & PERIOD{.interval = 3};
  cluster_.advance(6500ms);
  EXPECT_EQ(ticks_, 203);
  struct Ticker : FetcherWith<PERIOD> {
    using FetcherWith::FetcherWith;
    Fetch<void(int)> tick{*this, "tick"};
  } ticker{client_, {.interval = 1}};
  EXPECT_TRUE(ticker.tick(1).cancel());
}

TEST_F(Period, ArgumentsAreCheckedBeforeAnythingIsSent) {
  EXPECT_THROW((client_.call("tick") & PERIOD{.interval = 5}), GlobalContextError);
  EXPECT_THROW((client_.call("tock") & PERIOD{.interval = 5}), GlobalContextError);
  EXPECT_THROW(tick_.call(PERIOD{.interval = 5, .receiver = "client"}, 1), GlobalContextError);
  EXPECT_THAT(client_.get_scheduled_tasks("worker"), IsEmpty());
}

TEST_F(Period, TasksAreToldToEverybody) {
  auto& third = cluster_.node("third");
  cluster_.settle();
  const auto every = tick_.call(PERIOD{.interval = 10}, 1);
  const auto once = tick_.call(PERIOD{.at_time = {at(15), at(25)}}, 1);
  cluster_.advance(17s);
  const auto tasks = third.get_scheduled_tasks("worker");
  ASSERT_THAT(tasks, SizeIs(2));
  const auto& first = tasks[tasks[0].uuid == every.uuid() ? 0 : 1];
  const auto& second = tasks[tasks[0].uuid == every.uuid() ? 1 : 0];
  EXPECT_EQ(first.condition, "period");
  EXPECT_EQ(first.func_name, "tick");
  EXPECT_EQ(first.interval, Duration(10));
  EXPECT_EQ(first.scheduler, "client");
  EXPECT_EQ(first.runs, 1u);
  EXPECT_EQ(second.uuid, once.uuid());
  EXPECT_EQ(second.condition, "at_time");
  EXPECT_EQ(second.number_of_active_tasks, 1u);
  EXPECT_TRUE(third.cancel_scheduled_task_by_uuid("worker", every.uuid()));
  EXPECT_FALSE(third.cancel_scheduled_task_by_uuid("worker", every.uuid()));
  EXPECT_EQ(worker_.get_scheduled_tasks("worker").size(), 1u);
  EXPECT_EQ(worker_.stats().scheduled_tasks, 1u);
}

TEST_F(Period, UnknownTasksAndProcessesAreErrors) {
  EXPECT_THROW(client_.cancel_scheduled_task_by_uuid("worker", "nonsense"), RemoteCallError);
  EXPECT_THROW(client_.cancel_scheduled_task_by_uuid("nobody", "nonsense"), UnableToFindCandidate);
  EXPECT_THROW((void)client_.get_scheduled_tasks("nobody"), UnableToFindCandidate);
  EXPECT_THROW(ScheduledTask().cancel(), GlobalContextError);
}

TEST_F(Period, ManyTasksAreListedPageByPage) {
  for (int i = 0; i < 450; ++i) tick_.call(PERIOD{.interval = 3600}, 1);
  EXPECT_THAT(client_.get_scheduled_tasks("worker"), SizeIs(450));
}

TEST_F(Period, TaskOutlivesWhoAskedForItAndItsFailures) {
  client_.call("fail") & PERIOD{.interval = 1};
  tick_.call(PERIOD{.interval = 1}, 1);
  cluster_.remove("client");
  cluster_.isolate("worker");
  cluster_.advance(10s);
  EXPECT_GE(ticks_, 9);
  EXPECT_GE(worker_.stats().scheduled_runs, 18u);
}

TEST_F(Period, RunKnowsWhoAskedForItAndIsToldToStop) {
  std::string caller;
  bool told = false;
  auto release = std::make_shared<std::stop_callback<std::function<void()>>*>();
  worker_.callback("look", [&](CallContext& context) {
    caller = context.caller();
    EXPECT_FALSE(context.remaining());
    *release = new std::stop_callback<std::function<void()>>(context.stop_token(), [&] { told = true; });
  });
  cluster_.settle();
  Fetch<void()>{client_, "look"}.call(PERIOD{.at_time = at(5)});
  cluster_.advance(10s);
  EXPECT_EQ(caller, "client");
  EXPECT_FALSE(told);
  worker_.stop();
  cluster_.settle();
  EXPECT_TRUE(told);
  delete *release;
}

TEST_F(Period, CallbackTakenBackIsWaitedFor) {
  auto registration = worker_.callback("late", [] {});
  cluster_.settle();
  int runs = 0;
  Fetch<void()>{client_, "late"}.call(PERIOD{.at_time = at(5)});
  registration.unregister();
  cluster_.advance(10s);
  worker_.callback("late", [&] { ++runs; });
  cluster_.settle();
  EXPECT_EQ(runs, 1);
}

// A coroutine that takes two and a half seconds.
struct Slow {
  explicit Slow(Global& runner, Global& helper) {
    helper.callback("pause", [] {});
    runner.callback("slow", [this, &runner]() -> Task<void> {
      ++begun;
      const AsyncResult<void> pause = Fetch<void()>{runner, "pause"}.call(BG{.eta = 2500ms});
      co_await pause;
      ++ended;
    });
  }
  int begun = 0, ended = 0;
};

TEST_F(Period, CoroutineGoesOnUntilItsEnd) {
  Slow slow(worker_, client_);
  cluster_.settle();
  client_.call("slow") & PERIOD{.interval = 1};
  cluster_.advance(6s);
  EXPECT_EQ(slow.begun, 2);
  EXPECT_EQ(slow.ended, 1);
  EXPECT_EQ(worker_.stats().skipped_runs, 4u);
}

TEST_F(Period, StoppingWaitsForARunThatGoesOn) {
  Slow slow(worker_, client_);
  cluster_.settle();
  client_.call("slow") & PERIOD{.interval = 1};
  cluster_.advance(1500ms);
  worker_.stop(30s);
  EXPECT_EQ(slow.begun, 1);
  EXPECT_EQ(slow.ended, 1);
}

class KeptPeriod : public ::testing::Test {
 protected:
  GlobalOptions kept() const { return {.state_dir = folder_.path() / "state"}; }
  std::string file() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "state")) {
      if (entry.path().extension() == ".schedules") return entry.path();
    }
    return "";
  }
  tests::TemporaryFolder folder_;
  testing::Cluster cluster_;
};

TEST_F(KeptPeriod, SurvivesTheProcessThatRunsIt) {
  int ticks = 0;
  auto& client = cluster_.node("client");
  cluster_.node("worker", kept()).callback("tick", [&] { ++ticks; });
  cluster_.settle();
  const auto task = client.call("tick") & PERIOD{.interval = 5};
  cluster_.advance(6s);
  EXPECT_EQ(ticks, 1);
  cluster_.remove("worker");
  cluster_.advance(60s);
  auto& again = cluster_.node("worker", kept());
  EXPECT_EQ(client.get_scheduled_tasks("worker").size(), 1u);
  again.callback("tick", [&] { ticks += 100; });
  cluster_.advance(5s);
  EXPECT_EQ(ticks, 101);
  EXPECT_TRUE(task.cancel());
  cluster_.remove("worker");
  cluster_.node("worker", kept());
  cluster_.settle();
  EXPECT_FALSE(task.cancel());
}

TEST_F(KeptPeriod, NeedsAName) {
  for (const GlobalOptions& options :
       {GlobalOptions{.init_controller = true, .state_dir = "x"},
        GlobalOptions{.process_name = "c", .init_controller = true, .init_node = false, .state_dir = "x"}}) {
    try {
      Global g(options);
      FAIL();
    } catch (const InitializationError& error) {
      EXPECT_THAT(error.message(), HasSubstr("state_dir"));
    }
  }
}

TEST_F(KeptPeriod, DamagedFileStopsTheStartAndIsNamed) {
  cluster_.node("worker", kept()).callback("tick", [] {});
  auto& client = cluster_.node("client");
  cluster_.settle();
  client.call("tick") & PERIOD{.interval = 5};
  const std::string path = file();
  ASSERT_NE(path, "");
  cluster_.remove("worker");
  {
    std::fstream out(path, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(0);
    out << "garbage";
  }
  try {
    cluster_.node("worker", kept());
    FAIL();
  } catch (const InitializationError& error) {
    EXPECT_THAT(error.message(), AllOf(HasSubstr(path), HasSubstr("damaged")));
  }
}

TEST_F(KeptPeriod, FolderThatOthersMayWriteToIsRefused) {
  std::filesystem::create_directory(folder_.path() / "state");
  std::filesystem::permissions(folder_.path() / "state", std::filesystem::perms::all);
  EXPECT_THROW(cluster_.node("worker", kept()), InitializationError);
}

}  // namespace
}  // namespace daffi
