/// @file  Streams between real processes, one of which is killed in mid-stream.
#include <gtest/gtest.h>
#include <signal.h>

#include <daffi/daffi.hpp>
#include <memory>

#include "support/command.hpp"
#include "support/process.hpp"
#include "support/waiting.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;
using ::testing::Test;

// A controller, a worker named "w", and this process as a member.
class Streams : public Test {
 protected:
  Streams() : controller_(daffi_command(), {"controller", "--unix-sock-path", folder()}, daffi_environment()) {
    controller_.wait_for_line("started");
    worker_ = start_worker("w");
    GlobalOptions options;
    options.process_name = "caller";
    options.unix_sock_path = folder();
    g_ = std::make_unique<Global>(std::move(options));
    wait_until_registered(*g_, "w", "feed");
  }

  std::string folder() const { return folder_.path().string(); }
  std::unique_ptr<Process> start_worker(const std::string& name) const {
    auto worker =
        std::make_unique<Process>(program("worker"), std::vector<std::string>{"--folder", folder(), "--name", name});
    worker->wait_for_line("ready");
    return worker;
  }

  TemporaryFolder folder_;
  Process controller_;
  std::unique_ptr<Process> worker_;
  std::unique_ptr<Global> g_;
};

Generator<int> endless() {
  for (int i = 0;; ++i) co_yield i;
}

TEST_F(Streams, CarryAMillionItemsInOrderBesideCalls) {
  Fetch<Stream<int>(int)> numbers{*g_, "numbers"};
  Fetch<std::string(std::string)> echo{*g_, "echo"};
  int next = 0;
  for (const int item : numbers(1'000'000)) {
    ASSERT_EQ(item, next++);
    if (next % 100'000 == 0) {
      EXPECT_EQ(echo("beside"), "beside");
    }
  }
  EXPECT_EQ(next, 1'000'000);
  worker_->wait_for_line("generator gone");
}

TEST_F(Streams, EndTheGeneratorWhenTheLoopIsLeft) {
  for (const int item : Fetch<Stream<int>(int)>(*g_, "numbers")(-1)) {
    if (item == 5000) break;
  }
  worker_->wait_for_line("generator gone");
  EXPECT_EQ(g_->stats().pending_calls, 0u);
}

TEST_F(Streams, DoNotHoldUpCallsWhileNobodyTakesThem) {
  auto stalled = Fetch<Stream<int>(int)>(*g_, "numbers")(-1);
  worker_->wait_for_line("a thousand");
  Fetch<std::string(std::string)> echo{*g_, "echo", FG{.timeout = 10s}};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(echo("on its way"), "on its way");
  EXPECT_EQ(*stalled.begin(), 0);
}

TEST_F(Streams, EndWithAnErrorWhenTheCalleeIsKilled) {
  auto stream = Fetch<Stream<int>(int)>(*g_, "numbers")(-1);
  auto item = stream.begin();
  for (int i = 0; i < 10'000; ++i) ++item;
  worker_->send(SIGKILL);
  EXPECT_THROW(
      {
        while (item != stream.end()) ++item;
      },
      RemoteStoppedUnexpectedly);
}

TEST_F(Streams, EndTheGeneratorWhenTheCallerIsKilled) {
  Process caller(daffi_command(), {"call", "--stream", "numbers", "--unix-sock-path", folder(), "--", "-1"},
                 daffi_environment());
  caller.wait_for_line("100");
  worker_->wait_for_line("a thousand");
  caller.send(SIGKILL);
  worker_->wait_for_line("generator gone");
}

TEST_F(Streams, ToACallbackReachEveryHolder) {
  const auto second = start_worker("v");
  wait_until_registered(*g_, "v", "feed");
  Fetch<void()> take{*g_, "take", []() -> Generator<int> {
                       for (int i = 0; i < 100'000; ++i) co_yield i;
                     }};
  take();
  Fetch<int()> taken{*g_, "taken"};
  EXPECT_EQ(taken.call(FG{.receiver = "w"}), 100'000);
  EXPECT_EQ(taken.call(FG{.receiver = "v"}), 100'000);
}

TEST_F(Streams, ToACallbackNameTheReceiverThatIsKilled) {
  const auto second = start_worker("v");
  wait_until_registered(*g_, "v", "feed");
  auto result = Fetch<void(), BG>(*g_, "take", endless)();
  second->wait_for_line("taken a thousand");
  second->send(SIGKILL);
  try {
    result.get(20s);
    FAIL();
  } catch (const RemoteStoppedUnexpectedly& error) {
    EXPECT_NE(error.message().find("v"), std::string::npos) << error.message();
  }
  EXPECT_EQ((Fetch<std::string()>(*g_, "who_w")()), "w") << "the other one lives on";
}

TEST_F(Streams, ToACallbackEndWhenTheirSourceIsKilled) {
  const auto source = start_worker("v");
  wait_until_registered(*g_, "v", "feed");
  auto feeding = g_->call("feed", "w") & BG{.receiver = "v"};
  worker_->wait_for_line("taken a thousand");
  source->send(SIGKILL);
  EXPECT_THROW(feeding.get(20s), RemoteStoppedUnexpectedly);
  // Nothing of it is left behind at the receiver: it stops in order, and at once.
  worker_->send(SIGTERM);
  worker_->wait_for_line("stopped in order");
}

TEST_F(Streams, ToTheCommandEndWithCtrlC) {
  Process caller(daffi_command(), {"call", "--stream", "numbers", "--unix-sock-path", folder(), "--", "-1"},
                 daffi_environment());
  caller.wait_for_line("100");
  caller.wait_for_handler(SIGINT);
  caller.send(SIGINT);
  EXPECT_EQ(caller.wait_for_exit(), (Exit{130}));
  worker_->wait_for_line("generator gone");
}

TEST_F(Streams, ToTheCommandAreLinesOfJson) {
  const auto ended = daffi_run({"call", "--stream", "numbers", "--unix-sock-path", folder(), "3"});
  EXPECT_EQ(ended.output, "0\n1\n2\n");
  EXPECT_EQ(ended.exit, (Exit{0}));
}

}  // namespace
}  // namespace daffi::tests
