/// @file  Stream calls that wait for a thread while their callback is replaced, or taken away.
#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "daffi/daffi.hpp"
#include "support/process.hpp"
#include "support/waiting.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

Generator<int> three(int first) {
  for (int i = 0; i < 3; ++i) co_yield first + i;
}
Generator<int> ones() { return three(1); }

// A controller, and a node with one thread for callbacks, which "hold" keeps until release().
class Replaced : public ::testing::Test {
 protected:
  Replaced() {
    service.callback("hold", [this] { released.get_future().wait(); });
    counting = service.callback("count", [] { return three(10); });
    feeding = service.callback("take", [this](int item) { taken.push_back(item); });
    for (const auto* name : {"hold", "count", "take"}) wait_until_registered(hub, "service", name);
    held = Fetch<void(), BG>(hub, "hold")();
    wait_until([this] { return service.stats().running_calls == 1; }, "nothing is held");
  }
  ~Replaced() override { release(); }

  static GlobalOptions options(const std::string& name, const TemporaryFolder& folder) {
    GlobalOptions options;
    options.process_name = name;
    options.unix_sock_path = folder.path();
    options.init_controller = name == "hub";
    options.handler_threads = name == "hub" ? 4 : 1;
    return options;
  }
  void release() {
    if (!std::exchange(is_released, true)) released.set_value();
  }
  // Runs `call` elsewhere, and returns when the service has its call in its queue.
  template <typename F>
  auto queued(F call) {
    auto outcome = std::async(std::launch::async, std::move(call));
    wait_until([this] { return service.stats().queued_requests == 1; }, "nothing waits");
    return outcome;
  }
  std::vector<int> count() {
    std::vector<int> items;
    for (const int item : Fetch<Stream<int>()>(hub, "count", FG{.timeout = 30})()) items.push_back(item);
    return items;
  }
  void feed() { Fetch<void()>(hub, "take", ones).call(FG{.timeout = 30}); }

  const TemporaryFolder folder;
  std::promise<void> released;
  bool is_released = false;
  std::vector<int> taken;
  Global hub{options("hub", folder)};
  Global service{options("service", folder)};
  Registration counting, feeding;
  AsyncResult<void> held{nullptr};
};

void expect_not_run(const std::function<void()>& outcome) {
  try {
    outcome();
    ADD_FAILURE() << "a result";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::no_candidate) << error.what();
    EXPECT_FALSE(error.may_have_run());
  }
}

TEST_F(Replaced, CallbacksPassTheStreamsThatWaitOnToTheirSuccessors) {
  auto items = queued([this] { return count(); });
  service.callback("count", [] { return three(20); });
  counting.unregister();
  release();
  EXPECT_EQ(items.get(), (std::vector{20, 21, 22}));
}

TEST_F(Replaced, CallbacksPassTheItemsThatWaitOnToTheirSuccessors) {
  auto fed = queued([this] { feed(); });
  service.callback("take", [this](int item) { taken.push_back(-item); });
  feeding.unregister();
  release();
  fed.get();
  EXPECT_EQ(taken, (std::vector{-1, -2, -3}));
}

TEST_F(Replaced, ByNothingTheySendTheStreamsThatWaitBackAsNotRun) {
  auto items = queued([this] { return count(); });
  counting.unregister();
  release();
  expect_not_run([&] { items.get(); });
}

TEST_F(Replaced, ByNothingTheySendTheItemsThatWaitBackAsNotRun) {
  auto fed = queued([this] { feed(); });
  feeding.unregister();
  release();
  expect_not_run([&] { fed.get(); });
  EXPECT_TRUE(taken.empty());
}

}  // namespace
}  // namespace daffi::tests
