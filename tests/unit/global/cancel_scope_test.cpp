/// @file  CancelScope: one resumption, whoever comes first, from whatever thread.
#include "daffi/detail/cancel_scope.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <latch>
#include <thread>

#include "daffi/detail/resume.hpp"
#include "daffi/error.hpp"
#include "daffi/task.hpp"

namespace daffi::detail {
namespace {

// Waits until `resume` is run, which the test does.
struct Gate {
  std::shared_ptr<Resume>& resume;
  Suspension suspension = {};

  bool await_ready() const { return false; }
  template <typename Promise>
  bool await_suspend(std::coroutine_handle<Promise> coroutine) {
    return suspension.begin(coroutine, [&place = resume](std::shared_ptr<Resume> mine) { place = std::move(mine); });
  }
  void await_resume() const {
    if (suspension.cancelled()) throw_cancelled("the gate");
  }
};

struct Seen {
  std::atomic<int> resumed{0}, cancelled{0};
};

Task<void> pass(std::shared_ptr<Resume>& gate, Seen& seen) {
  try {
    co_await Gate{gate};
    ++seen.resumed;
  } catch (const CancelledError&) {
    ++seen.cancelled;
  }
}

Detached begin(std::shared_ptr<CancelScope> scope, std::shared_ptr<Resume>& gate, Seen& seen, int times) {
  co_await EnterScope{scope};
  for (int i = 0; i < times; ++i) co_await pass(gate, seen);
}

TEST(CancelScope, ResumesWhatWaitsAndNothingMoreIsWaitedFor) {
  const auto scope = CancelScope::make();
  std::shared_ptr<Resume> gate;
  Seen seen;
  begin(scope, gate, seen, 3);
  gate->run();
  EXPECT_EQ(seen.resumed, 1);
  scope->cancel();
  EXPECT_EQ(seen.cancelled, 2);
  scope->cancel();
  gate->run();
  EXPECT_EQ(seen.resumed + seen.cancelled, 3);
}

TEST(CancelScope, CancelledBeforeItBeginsLetsNothingWait) {
  const auto scope = CancelScope::make();
  scope->cancel();
  std::shared_ptr<Resume> gate;
  Seen seen;
  begin(scope, gate, seen, 2);
  EXPECT_EQ(seen.cancelled, 2);
  EXPECT_EQ(gate, nullptr);
}

TEST(CancelScope, IsOfNoConcernToACoroutineThatHasNone) {
  std::shared_ptr<Resume> gate;
  Seen seen;
  begin(nullptr, gate, seen, 1);
  EXPECT_EQ(seen.resumed + seen.cancelled, 0);
  gate->run();
  EXPECT_EQ(seen.resumed, 1);
}

// The awaited thing comes on one thread while another cancels.
TEST(CancelScope, RacesWithWhatIsWaitedForAndOneOfThemResumes) {
  for (int round = 0; round < 200; ++round) {
    const auto scope = CancelScope::make();
    std::shared_ptr<Resume> gate;
    Seen seen;
    begin(scope, gate, seen, 1);
    std::latch both(2);
    std::thread comes([&both, gate] {
      both.arrive_and_wait();
      gate->run();
    });
    both.arrive_and_wait();
    scope->cancel();
    comes.join();
    ASSERT_EQ(seen.resumed + seen.cancelled, 1);
  }
}

// It may be cancelled, and be run, while it is about to suspend.
TEST(CancelScope, RacesWithTheSuspensionItself) {
  for (int round = 0; round < 200; ++round) {
    const auto scope = CancelScope::make();
    Seen seen;
    std::latch both(2);
    std::thread cancels([&both, scope] {
      both.arrive_and_wait();
      scope->cancel();
    });
    std::shared_ptr<Resume> gate;
    both.arrive_and_wait();
    begin(scope, gate, seen, 3);
    cancels.join();
    ASSERT_EQ(seen.cancelled, 3);
  }
}

}  // namespace
}  // namespace daffi::detail
