/// @file  WaitInterrupt: signals that end a thread's waits, and those that do not.
#include "rpc/interrupt.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "net/wait_sets.hpp"
#include "rpc/waiting.hpp"

namespace daffi::rpc {
namespace {

std::atomic<bool> raised{false};
std::atomic<int> asked{0};

bool check() {
  ++asked;
  return raised.load();
}

void note(int) { raised.store(true); }

// A handler for SIGUSR1 that restarts nothing.
class Handled {
 public:
  Handled() {
    raised.store(false);
    asked.store(0);
    struct sigaction action = {};
    action.sa_handler = &note;
    ::sigaction(SIGUSR1, &action, &before_);
  }
  ~Handled() { ::sigaction(SIGUSR1, &before_, nullptr); }

 private:
  struct sigaction before_;
};

// Signals this thread until `over`, because a signal may come before the wait has begun.
void signal_until(pthread_t thread, const std::atomic<bool>& over) {
  while (!over.load()) {
    ::pthread_kill(thread, SIGUSR1);
    std::this_thread::yield();
  }
}

struct Fixture {
  Fixture()
      : sets(std::move(net::WaitSets::create()).value()),
        waiting(
            *sets, base::Duration::zero(), [] { return false; }, [] {}) {}
  std::unique_ptr<net::WaitSets> sets;
  Waiting waiting;
};

TEST(WaitInterrupt, ASignalEndsAWaitThatHasNoOtherEnd) {
  const Handled handled;
  Fixture fixture;
  Completion never;
  std::atomic<bool> over{false};
  std::thread sender([&, thread = ::pthread_self()] { signal_until(thread, over); });
  {
    const WaitInterrupt interrupt(&check);
    EXPECT_FALSE(fixture.waiting.wait(never, base::Deadline::never()));
    EXPECT_TRUE(WaitInterrupt::happened());
    EXPECT_FALSE(fixture.waiting.wait(never, base::Deadline::never()));  // the later ones end at once
    over.store(true);
  }
  sender.join();
  EXPECT_FALSE(WaitInterrupt::happened());
}

TEST(WaitInterrupt, ASignalThatMeansNothingDoesNotEndTheWait) {
  const Handled handled;
  Fixture fixture;
  Completion soon;
  std::atomic<bool> over{false};
  std::thread sender([&, thread = ::pthread_self()] {
    while (asked.load() < 3) {
      ::pthread_kill(thread, SIGUSR1);
      std::this_thread::yield();
    }
    fixture.waiting.finish(soon);
    over.store(true);
  });
  {
    const WaitInterrupt interrupt(+[] { return ++asked < 0; });
    EXPECT_TRUE(fixture.waiting.wait(soon, base::Deadline::never()));
  }
  sender.join();
}

TEST(WaitInterrupt, OneWithoutACheckShieldsFromTheOuterOnes) {
  const WaitInterrupt outer(+[] { return true; });
  EXPECT_TRUE(WaitInterrupt::ask());
  {
    const WaitInterrupt none(nullptr);
    EXPECT_FALSE(WaitInterrupt::wanted() || WaitInterrupt::ask() || WaitInterrupt::happened());
  }
  EXPECT_TRUE(WaitInterrupt::happened());
}

TEST(WaitInterrupt, WithoutOneSignalsAreNobodysBusiness) {
  EXPECT_FALSE(WaitInterrupt::wanted());
  EXPECT_FALSE(WaitInterrupt::ask());
}

}  // namespace
}  // namespace daffi::rpc
