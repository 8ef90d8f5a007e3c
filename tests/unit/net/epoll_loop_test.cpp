/// @file  EpollLoop: posts, timers, events and deferred work, and what happens when they meet.
#include "net/epoll_loop.hpp"

#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "net_testing.hpp"

namespace daffi::net {
namespace {

using namespace std::chrono_literals;
using testing::must;
using testing::Recorder;
using testing::run_until;

TEST(EpollLoop, WatchingABadDescriptorFails) {
  auto loop = must(EpollLoop::create());
  Recorder recorder;
  EXPECT_FALSE(loop->watch(100'000, recorder).ok());
}

TEST(EpollLoop, ForgettingWhatWasNeverWatchedIsHarmless) {
  auto loop = must(EpollLoop::create());
  loop->forget(-1);
  loop->forget(12'345);
}

TEST(EpollLoop, RunsPostsInOrderAndThoseTheyMakeLater) {
  auto loop = must(EpollLoop::create());
  std::string order;
  loop->post([&] {
    order += "a";
    loop->post([&] { order += "c"; });
  });
  loop->post([&] { order += "b"; });
  EXPECT_TRUE(run_until(*loop, [&] { return order.size() == 3; }));
  EXPECT_EQ(order, "abc");
}

TEST(EpollLoop, APostFromAnotherThreadWakesIt) {
  auto loop = must(EpollLoop::create());
  for (int i = 0; i < 200; ++i) {
    std::atomic<bool> ran{false};
    std::thread other([&] { loop->post([&] { ran = true; }); });
    while (!ran) loop->run_once(20s);
    other.join();
  }
}

TEST(EpollLoop, RunsTimersByTimeThenByCreation) {
  auto loop = must(EpollLoop::create());
  std::string order;
  const auto now = loop->clock().now();
  loop->add_timer(now + 2ms, [&] { order += "c"; });
  loop->add_timer(now, [&] { order += "a"; });
  loop->add_timer(now, [&] { order += "b"; });
  EXPECT_TRUE(run_until(*loop, [&] { return order.size() == 3; }));
  EXPECT_EQ(order, "abc");
}

TEST(EpollLoop, NeverRunsATimerEarlyNorSpinsUntilIt) {
  auto loop = must(EpollLoop::create());
  for (const auto wait : {base::Duration(300us), base::Duration(1700us), base::Duration(20ms)}) {
    const auto due = loop->clock().now() + wait;
    bool ran = false;
    loop->add_timer(due, [&] { ran = true; });
    int rounds = 0;
    while (!ran) {
      loop->run_once(20s);
      ++rounds;
    }
    EXPECT_GE(loop->clock().now(), due);
    EXPECT_LE(rounds, 3);
  }
}

TEST(EpollLoop, ATimerThatSetsItselfToNowDoesNotHoldUpTheRound) {
  auto loop = must(EpollLoop::create());
  bool posted = false;
  Timer timer(*loop);
  std::function<void()> again = [&] { timer.at(loop->clock().now(), again); };
  again();
  loop->post([&] { posted = true; });
  EXPECT_TRUE(run_until(*loop, [&] { return posted; }));
}

TEST(EpollLoop, ReportsAtOnceWhatIsAlreadyThere) {
  auto loop = must(EpollLoop::create());
  auto [a, b] = testing::make_unix_pair();
  ASSERT_EQ(::write(b.get(), "x", 1), 1);
  Recorder recorder;
  ASSERT_TRUE(loop->watch(a.get(), recorder).ok());
  EXPECT_TRUE(run_until(*loop, [&] { return recorder.calls > 0; }));
  EXPECT_EQ(recorder.readable, 1);
  EXPECT_EQ(recorder.writable, 1);
  loop->run_once(0ms);
  EXPECT_EQ(recorder.calls, 1);  // edge-triggered
  loop->forget(a.get());
}

TEST(EpollLoop, SkipsTheEventsOfDescriptorsForgottenInTheSameRound) {
  auto loop = must(EpollLoop::create());
  auto first = testing::make_unix_pair();
  auto second = testing::make_unix_pair();
  Recorder one, two, newcomer;
  std::optional<testing::DescriptorPair> third;
  const auto forget_other = [&](Recorder& other, testing::DescriptorPair& pair) {
    return [&](Ready) {
      if (other.calls > 0) return;
      loop->forget(pair.a.get());
      const int number = pair.a.get();
      pair.a.reset();
      third = testing::make_unix_pair();
      EXPECT_EQ(third->a.get(), number);  // the number is in use again, and the event in hand is not the newcomer's
      ASSERT_TRUE(loop->watch(number, newcomer).ok());
    };
  };
  one.then = forget_other(two, second);
  two.then = forget_other(one, first);
  ASSERT_TRUE(loop->watch(first.a.get(), one).ok());
  ASSERT_TRUE(loop->watch(second.a.get(), two).ok());
  loop->run_once(20s);
  EXPECT_EQ(one.calls + two.calls, 1);
  EXPECT_EQ(newcomer.calls, 0);
  EXPECT_TRUE(run_until(*loop, [&] { return newcomer.calls == 1; }));
}

TEST(EpollLoop, ReportsHangUpAsReadableAndWritable) {
  auto loop = must(EpollLoop::create());
  auto [a, b] = testing::make_unix_pair();
  Recorder recorder;
  ASSERT_TRUE(loop->watch(a.get(), recorder).ok());
  EXPECT_TRUE(run_until(*loop, [&] { return recorder.calls == 1; }));
  b.reset();
  EXPECT_TRUE(run_until(*loop, [&] { return recorder.calls == 2; }));
  EXPECT_EQ(recorder.readable, 1);
  EXPECT_EQ(recorder.writable, 2);
}

TEST(EpollLoop, ReportsWritabilityOnlyWhileAskedTo) {
  auto loop = must(EpollLoop::create());
  auto [a, b] = testing::make_unix_pair();
  Recorder recorder;
  ASSERT_TRUE(loop->watch(a.get(), recorder).ok());
  loop->watch_writes(a.get(), false);
  loop->run_once(0ms);
  EXPECT_EQ(recorder.writable, 0);
  loop->watch_writes(a.get(), true);
  EXPECT_TRUE(run_until(*loop, [&] { return recorder.writable == 1; }));
}

struct CountingDeferred final : Deferred {
  void run_deferred() override {
    ++runs;
    if (then) then();
  }
  int runs = 0;
  std::function<void()> then;
};

TEST(EpollLoop, RunsDeferredWorkOnceAfterTheRound) {
  auto loop = must(EpollLoop::create());
  CountingDeferred deferred;
  int posts_before = -1;
  int posts = 0;
  deferred.then = [&] { posts_before = posts; };
  for (int i = 0; i < 3; ++i) {
    loop->post([&] {
      ++posts;
      loop->defer(deferred);
    });
  }
  EXPECT_TRUE(run_until(*loop, [&] { return deferred.runs > 0; }));
  EXPECT_EQ(posts_before, 3);
  loop->run_once(0ms);
  EXPECT_EQ(deferred.runs, 1);
}

TEST(EpollLoop, TakesBackDeferredWorkEvenFromTheBatchInHand) {
  auto loop = must(EpollLoop::create());
  CountingDeferred first, second;
  first.then = [&] { loop->undefer(second); };
  loop->defer(first);
  loop->defer(second);
  loop->run_once(0ms);
  EXPECT_EQ(first.runs, 1);
  EXPECT_EQ(second.runs, 0);
  loop->defer(second);
  loop->run_once(0ms);
  EXPECT_EQ(second.runs, 1);
}

TEST(EpollLoop, WorkThatDefersItselfAgainDoesNotSleepNorHoldUp) {
  auto loop = must(EpollLoop::create());
  CountingDeferred deferred;
  deferred.then = [&] {
    if (deferred.runs < 3) loop->defer(deferred);
  };
  loop->defer(deferred);
  for (int i = 0; i < 3; ++i) loop->run_once(20s);
  EXPECT_EQ(deferred.runs, 3);
}

TEST(EpollLoop, WhatADroppedTaskOwnsMayComeBackToTheLoop) {
  auto loop = must(EpollLoop::create());
  struct ComesBack {
    Loop& loop;
    TimerId other = 0;
    ~ComesBack() {
      loop.post([] {});
      loop.cancel_timer(other);
    }
  };
  auto first = std::make_shared<ComesBack>(ComesBack{*loop});
  auto second = std::make_shared<ComesBack>(ComesBack{*loop});
  first->other = loop->add_timer(loop->clock().now() + 1h, [second] {});
  second->other = loop->add_timer(loop->clock().now() + 1h, [first] {});
  loop->post([first] {});
  first.reset();
  second.reset();
  loop.reset();
}

TEST(Timer, ReplacedOrDestroyedItNeverFires) {
  auto loop = must(EpollLoop::create());
  std::string order;
  Timer kept(*loop);
  {
    Timer gone(*loop);
    gone.after(0ms, [&] { order += "gone"; });
    kept.after(0ms, [&] { order += "old"; });
  }
  kept.after(1ms, [&] { order += "new"; });
  EXPECT_TRUE(run_until(*loop, [&] { return !order.empty(); }));
  EXPECT_EQ(order, "new");
  EXPECT_FALSE(kept.pending());
}

TEST(Timer, MayBeDestroyedByItsOwnTask) {
  auto loop = must(EpollLoop::create());
  auto timer = std::make_unique<Timer>(*loop);
  bool ran = false;
  timer->after(0ms, [&] {
    timer.reset();
    ran = true;
  });
  EXPECT_TRUE(run_until(*loop, [&] { return ran; }));
}

TEST(TimerQueue, DoesNotGrowWithCancelledTimers) {
  TimerQueue queue;
  const base::SteadyTime far(1h);
  for (int i = 0; i < 100'000; ++i) queue.cancel(queue.add(far, [] {}));
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.next(), std::nullopt);
}

TEST(LoopThread, RunsTasksOnItsOwnThreadWithSignalsBlocked) {
  auto thread = must(LoopThread::start());
  std::thread::id id;
  sigset_t blocked{};
  thread->run_and_wait([&] {
    id = std::this_thread::get_id();
    ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    thread->run_and_wait([&] { EXPECT_TRUE(thread->loop().in_loop_thread()); });
  });
  EXPECT_NE(id, std::this_thread::get_id());
  EXPECT_TRUE(sigismember(&blocked, SIGTERM));
  EXPECT_TRUE(sigismember(&blocked, SIGINT));
}

TEST(LoopThread, RunsWhatWasPostedBeforeTheStopAndDropsWhatComesAfter) {
  auto thread = must(LoopThread::start());
  std::atomic<int> ran{0};
  for (int i = 0; i < 1000; ++i) thread->loop().post([&] { ++ran; });
  thread->stop();
  EXPECT_EQ(ran, 1000);
  thread->loop().post([&] { ++ran; });
  thread->stop();
  EXPECT_EQ(ran, 1000);
}

TEST(LoopThread, AfterTheStopTheCallerCountsAsItsThread) {
  auto thread = must(LoopThread::start());
  Timer timer(thread->loop());
  thread->run_and_wait([&] { timer.after(1h, [] {}); });
  thread->stop();
  std::thread::id id;
  thread->run_and_wait([&] { id = std::this_thread::get_id(); });
  EXPECT_EQ(id, std::this_thread::get_id());
  timer.cancel();
}

TEST(LoopThread, NobodyHangsWhoWaitsWhileItStops) {
  for (int i = 0; i < 50; ++i) {
    auto thread = must(LoopThread::start());
    std::atomic<int> ran{0};
    std::thread other([&] {
      for (int task = 0; task < 20; ++task) thread->run_and_wait([&] { ++ran; });
    });
    thread->stop();
    other.join();
    EXPECT_EQ(ran, 20);
  }
}

}  // namespace
}  // namespace daffi::net
