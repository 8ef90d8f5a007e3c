/// @file  VirtualLoop: order of posts, timers and deferred work on a clock moved by hand.
#include "net/virtual_loop.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace daffi::net {
namespace {

using namespace std::chrono_literals;

struct Note final : Deferred {
  explicit Note(std::function<void()> its_task) : task(std::move(its_task)) {}
  void run_deferred() override { task(); }
  std::function<void()> task;
};

TEST(VirtualLoop, WatchesNoDescriptors) {
  base::FakeClock clock;
  VirtualLoop loop(clock);
  struct : Watcher {
    void on_ready(Ready) override {}
  } watcher;
  EXPECT_FALSE(loop.watch(0, watcher).ok());
}

TEST(VirtualLoop, DoesNothingUntilMoved) {
  base::FakeClock clock;
  VirtualLoop loop(clock);
  bool ran = false;
  loop.post([&] { ran = true; });
  EXPECT_FALSE(ran);
  EXPECT_TRUE(loop.step());
  EXPECT_TRUE(ran);
  EXPECT_FALSE(loop.step());
  EXPECT_FALSE(loop.run_ready());
}

TEST(VirtualLoop, RunsDeferredWorkAfterEachTask) {
  base::FakeClock clock;
  VirtualLoop loop(clock);
  std::string order;
  Note note([&] { order += "d"; });
  for (int i = 0; i < 2; ++i) {
    loop.post([&] {
      order += "p";
      loop.defer(note);
      loop.defer(note);
    });
  }
  loop.run_ready();
  EXPECT_EQ(order, "pdpd");
}

TEST(VirtualLoop, TakesBackDeferredWork) {
  base::FakeClock clock;
  VirtualLoop loop(clock);
  bool ran = false;
  {
    Note note([&] { ran = true; });
    loop.defer(note);
    loop.undefer(note);
  }
  EXPECT_FALSE(loop.step());
  EXPECT_FALSE(ran);
}

TEST(VirtualLoop, AdvanceStopsAtEachTimerAndRunsWhatFollows) {
  base::FakeClock clock;
  VirtualLoop loop(clock);
  const auto start = clock.now();
  std::string order;
  loop.add_timer(start + 30ms, [&] { order += "c"; });
  loop.add_timer(start + 10ms, [&] {
    order += "a";
    EXPECT_EQ(clock.now(), start + 10ms);
    loop.add_timer(clock.now() + 5ms, [&] {
      order += "b";
      EXPECT_EQ(clock.now(), start + 15ms);
    });
  });
  loop.add_timer(start + 30ms, [&] { order += "d"; });
  loop.add_timer(start + 31ms, [&] { order += "never"; });
  loop.advance(30ms);
  EXPECT_EQ(order, "abcd");
  EXPECT_EQ(clock.now(), start + 30ms);
  EXPECT_EQ(loop.next_timer(), start + 31ms);
}

TEST(VirtualLoop, ACancelledTimerIsForgotten) {
  base::FakeClock clock;
  VirtualLoop loop(clock);
  const TimerId id = loop.add_timer(clock.now() + 1ms, [] { FAIL(); });
  EXPECT_NE(id, 0u);
  loop.cancel_timer(id);
  loop.cancel_timer(id);
  EXPECT_EQ(loop.next_timer(), std::nullopt);
  loop.advance(1h);
}

TEST(VirtualLoop, TakesPostsFromAnyThread) {
  base::FakeClock clock;
  VirtualLoop loop(clock);
  int ran = 0;
  std::thread other([&] {
    EXPECT_FALSE(loop.in_loop_thread());
    for (int i = 0; i < 1000; ++i) loop.post([&] { ++ran; });
  });
  while (ran < 1000) loop.run_ready();
  other.join();
  EXPECT_TRUE(loop.in_loop_thread());
}

TEST(VirtualLoop, ALimitOfRoundsEndsAnEndlessStory) {
  base::FakeClock clock;
  VirtualLoop loop(clock);
  int runs = 0;
  std::function<void()> again = [&] {
    ++runs;
    loop.post(again);
  };
  again();
  EXPECT_TRUE(loop.run_ready(10));
  EXPECT_EQ(runs, 11);
}

}  // namespace
}  // namespace daffi::net
