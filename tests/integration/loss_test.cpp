/// @file  What happens when processes die, freeze, or leave: every call ends promptly and says whether it may have run.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "daffi/daffi.hpp"
#include "support/process.hpp"
#include "support/waiting.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

// A controller, workers and a caller on a UNIX socket of their own.
class Loss : public ::testing::Test {
 protected:
  Loss() { start_controller(); }

  void start_controller() {
    controller_.emplace(daffi_command(), std::vector<std::string>{"controller", "--unix-sock-path", folder()});
    controller_->wait_for_line("started");
  }
  std::unique_ptr<Process> worker(const std::string& name, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--folder", folder(), "--name", name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto process = std::make_unique<Process>(program("worker"), arguments);
    process->wait_for_line("ready");
    return process;
  }
  GlobalOptions caller_options(const std::string& name = "caller") {
    GlobalOptions options;
    options.process_name = name;
    options.unix_sock_path = folder();
    options.connect_timeout = 30;
    return options;
  }
  std::string folder() const { return folder_.path().string(); }

  TemporaryFolder folder_;
  std::optional<Process> controller_;
};

template <typename E, typename Body>
E thrown_by(Body body) {
  try {
    body();
  } catch (const E& error) {
    return error;
  } catch (const std::exception& other) {
    ADD_FAILURE() << "another error: " << other.what();
  }
  ADD_FAILURE() << "no error";
  return E(ErrorCode::system, "none");
}

TEST_F(Loss, AKilledCalleeEndsItsPendingCallsAtOnce) {
  auto worker = this->worker("w");
  Global g(caller_options());
  g.wait_function("hold", 30);
  auto pending = Fetch<std::string()>{g, "hold"}.call(BG{});
  worker->wait_for_line("holding");
  worker->send(SIGKILL);
  const auto error = thrown_by<RemoteStoppedUnexpectedly>([&] { pending.get(30); });
  EXPECT_EQ(error.message(), "Remote process w stopped unexpectedly.");
  EXPECT_TRUE(error.may_have_run());
  EXPECT_FALSE(error.retryable());
}

TEST_F(Loss, AKilledCalleeIsOneErrorAmongABroadcastsOutcomes) {
  auto killed = worker("killed");
  auto other = worker("other");
  Global g(caller_options());
  for (const char* name : {"killed", "other"}) g.wait_process(name, 30);
  const Fetch<std::string()> hold{g, "hold"};
  const auto pending = hold.start(BROADCAST{});
  killed->wait_for_line("holding");
  other->wait_for_line("holding");
  killed->send(SIGKILL);
  Fetch<void()>(g, "release").call(FG{.timeout = 30, .receiver = "other"});
  const auto outcomes = pending.get(30);
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(*outcomes.at("other"), "released");
  ASSERT_NE(outcomes.at("killed").error(), nullptr);
  EXPECT_THROW(outcomes.at("killed").value(), RemoteStoppedUnexpectedly);
  EXPECT_EQ(outcomes.at("killed").error()->message(), "Remote process killed stopped unexpectedly.");
}

TEST_F(Loss, ABroadcastOutOfTimeHasWhatArrivedAndTellsTheRest) {
  auto first = worker("first");
  auto second = worker("second");
  Global g(caller_options());
  for (const char* name : {"first", "second"}) g.wait_process(name, 30);
  const Fetch<std::string()> hold{g, "hold"};
  Fetch<void()>(g, "release").call(FG{.timeout = 30, .receiver = "first"});
  const auto error = [&]() -> std::optional<BroadcastTimeout> {
    try {
      hold.call(BROADCAST{.timeout = 1});
    } catch (const BroadcastTimeout& late) {
      return late;
    }
    return std::nullopt;
  }();
  ASSERT_TRUE(error);
  const auto arrived = error->results<std::string>();
  ASSERT_EQ(arrived.size(), 1u);
  EXPECT_EQ(*arrived.at("first"), "released");
  const auto told = Fetch<void()>(g, "until_told").start(BROADCAST{.timeout = 0.3});
  for (auto* worker : {first.get(), second.get()}) worker->wait_for_line("serving caller");
  EXPECT_THROW(told.get(30), BroadcastTimeout);
  for (auto* worker : {first.get(), second.get()}) worker->wait_for_line("told to stop");
}

TEST_F(Loss, BroadcastsToManyProcessesKeepTheirAnswersApartUnderLoad) {
  std::vector<std::unique_ptr<Process>> workers;
  for (int i = 0; i < 8; ++i) workers.push_back(worker("w" + std::to_string(i)));
  Global g(caller_options());
  for (int i = 0; i < 8; ++i) wait_until_registered(g, "w" + std::to_string(i), "echo");
  const Fetch<std::string(std::string)> echo{g, "echo"};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&echo, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string text(i % 10 == 0 ? 100'000 : 10, static_cast<char>('a' + t));
        const auto outcomes = echo.call(BROADCAST{.timeout = 30}, text);
        EXPECT_EQ(outcomes.size(), 8u);
        for (const auto& [name, outcome] : outcomes) EXPECT_EQ(*outcome, text) << name;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(g.stats().pending_calls, 0u);
  EXPECT_EQ(g.stats().late_replies, 0u);
}

TEST_F(Loss, CallsGoToAnotherHolderWhenOneIsKilled) {
  auto first = worker("a");
  auto second = worker("b");
  Global g(caller_options());
  g.wait_process("a", 30);
  g.wait_process("b", 30);
  first->send(SIGKILL);
  Fetch<std::string()> who{g, "who"};
  for (int i = 0; i < 20; ++i) {
    try {
      EXPECT_EQ(who.call(FG{.timeout = 30}), "b");
    } catch (const RemoteStoppedUnexpectedly& error) {
      EXPECT_TRUE(error.may_have_run()) << "what certainly did not run goes to the other by itself: " << error.what();
    }
  }
}

TEST_F(Loss, TheOnlyHolderIsWaitedForWhileItMayComeBackAndNotLonger) {
  auto worker = this->worker("w");
  Global g(caller_options());
  g.wait_function("who", 30);
  worker->send(SIGKILL);
  worker->wait_for_exit();
  auto pending = Fetch<std::string()>{g, "who"}.call(BG{.timeout = 60});
  auto again = this->worker("w");
  EXPECT_EQ(pending.get(30), "w") << "made while it was away, run after its return";
}

TEST_F(Loss, AKilledControllerEndsPendingCallsAndEverybodyComesBack) {
  auto worker = this->worker("w");
  Global g(caller_options());
  g.wait_function("hold", 30);
  auto pending = Fetch<std::string()>{g, "hold"}.call(BG{});
  worker->wait_for_line("holding");
  controller_->send(SIGKILL);
  const auto error = thrown_by<RemoteStoppedUnexpectedly>([&] { pending.get(30); });
  EXPECT_EQ(error.message(), "Lost connection to Controller.");
  EXPECT_EQ(error.code(), ErrorCode::lost_controller);
  EXPECT_TRUE(error.may_have_run());
  controller_->wait_for_exit();
  start_controller();
  EXPECT_EQ(Fetch<std::string()>(g, "who").call(FG{.timeout = 30}), "w");
}

TEST_F(Loss, ACallMadeWhileTheControllerIsAwayWaitsForIt) {
  auto worker = this->worker("w");
  Global g(caller_options());
  g.wait_function("who", 30);
  controller_->send(SIGKILL);
  controller_->wait_for_exit();
  auto pending = Fetch<std::string()>{g, "who"}.call(BG{});
  start_controller();
  try {
    EXPECT_EQ(pending.get(40), "w");
  } catch (const RemoteStoppedUnexpectedly& error) {
    EXPECT_EQ(error.code(), ErrorCode::lost_controller) << "sent before the loss was noticed";
  }
  EXPECT_EQ(Fetch<std::string()>(g, "who").call(FG{.timeout = 30}), "w");
}

TEST_F(Loss, ACallEndsWhenTheControllerStaysAway) {
  auto worker = this->worker("w");
  auto options = caller_options();
  options.connect_wait = 0.2;
  Global g(std::move(options));
  g.wait_function("who", 30);
  controller_->send(SIGKILL);
  controller_->wait_for_exit();
  for (;;) {
    const auto error = thrown_by<RemoteStoppedUnexpectedly>([&] { Fetch<std::string()>{g, "who"}(); });
    EXPECT_EQ(error.message(), "Lost connection to Controller.");
    if (error.code() == ErrorCode::lost_controller) continue;  // it was still under way when the loss was noticed
    EXPECT_EQ(error.code(), ErrorCode::no_controller);
    EXPECT_FALSE(error.may_have_run());
    EXPECT_TRUE(error.retryable());
    break;
  }
}

TEST_F(Loss, AFrozenCalleeIsFoundByItsSilenceAndComesBack) {
  controller_.reset();
  GlobalOptions hub = caller_options();
  hub.init_controller = true;
  hub.heartbeat = 1;
  hub.grace = 0.5;
  Global g(std::move(hub));
  auto worker = this->worker("w", {"--heartbeat", "1"});
  g.wait_function("hold", 30);
  auto pending = Fetch<std::string()>{g, "hold"}.call(BG{});
  worker->wait_for_line("holding");
  worker->send(SIGSTOP);
  const auto error = thrown_by<RemoteStoppedUnexpectedly>([&] { pending.get(30); });
  EXPECT_TRUE(error.may_have_run());
  worker->send(SIGCONT);
  g.wait_process("w", 30);
  Fetch<void()>(g, "release").call(FG{.timeout = 30});
  EXPECT_EQ(Fetch<std::string()>(g, "who").call(FG{.timeout = 30}), "w");
}

TEST_F(Loss, AFrozenControllerIsFoundByItsSilence) {
  auto options = caller_options();
  options.heartbeat = 1;
  auto worker = this->worker("w", {"--heartbeat", "1"});
  Global g(std::move(options));
  g.wait_function("hold", 30);
  auto pending = Fetch<std::string()>{g, "hold"}.call(BG{});
  worker->wait_for_line("holding");
  controller_->send(SIGSTOP);
  EXPECT_EQ(thrown_by<RemoteStoppedUnexpectedly>([&] { pending.get(30); }).code(), ErrorCode::lost_controller);
  controller_->send(SIGCONT);
  EXPECT_EQ(Fetch<std::string()>(g, "who").call(FG{.timeout = 30}), "w");
}

TEST_F(Loss, ANameHeldByALiveProcessIsRefused) {
  auto worker = this->worker("w");
  const auto error = thrown_by<InitializationError>([&] { Global g(caller_options("w")); });
  EXPECT_EQ(error.code(), ErrorCode::name_taken);
  EXPECT_NE(error.message().find("'w'"), std::string::npos) << error.message();
}

TEST_F(Loss, SigtermLetsRunningCallsFinishAndSendsNewOnesElsewhere) {
  auto leaving = worker("a");
  Global g(caller_options());
  g.wait_function("hold", 30);
  auto running = Fetch<std::string()>{g, "hold"}.call(BG{});
  leaving->wait_for_line("holding");
  auto staying = worker("b");
  g.wait_function("who_b", 30);  // registered after "who", which the process alone would not say
  leaving->send(SIGTERM);
  wait_until_draining(g, "a");
  Fetch<std::string()> who{g, "who"};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(who.call(FG{.timeout = 30}), "b");
  // A draining process takes no calls, so the gate is opened by the second call that is inside already: none is; the
  // drain ends by its limit or by us.
  leaving->send(SIGTERM);
  EXPECT_EQ(leaving->wait_for_exit().code, 128 + SIGTERM) << "the second signal ends it at once";
  EXPECT_EQ(thrown_by<RemoteStoppedUnexpectedly>([&] { running.get(30); }).code(), ErrorCode::remote_stopped);
}

TEST_F(Loss, SigtermEndsAnIdleProcessWithSuccess) {
  auto worker = this->worker("w");
  worker->send(SIGTERM);
  EXPECT_EQ(worker->wait_for_exit(), (Exit{0, 0}));
  const auto lines = worker->lines();
  EXPECT_NE(std::find(lines.begin(), lines.end(), "stopped in order"), lines.end());
}

TEST_F(Loss, CancellingReachesTheCalleesStopToken) {
  auto worker = this->worker("w");
  Global g(caller_options());
  g.wait_function("until_told", 30);
  auto pending = Fetch<void()>{g, "until_told"}.call(BG{});
  worker->wait_for_line("serving caller");
  pending.cancel();
  EXPECT_THROW(pending.get(30), CancelledError);
  worker->wait_for_line("told to stop");
}

TEST_F(Loss, ATimeoutReachesTheCalleesStopToken) {
  auto worker = this->worker("w");
  Global g(caller_options());
  g.wait_function("until_told", 30);
  const auto error = thrown_by<TimeoutError>([&] { Fetch<void()>(g, "until_told").call(FG{.timeout = 0.3}); });
  EXPECT_EQ(error.message(), "Function until_told result timed out");
  worker->wait_for_line("told to stop");
}

TEST_F(Loss, ADeadCallerReachesTheCalleesStopToken) {
  auto worker = this->worker("w");
  Process caller(daffi_command(), {"call", "until_told", "--unix-sock-path", folder()});
  worker->wait_for_line("serving");
  caller.send(SIGKILL);
  worker->wait_for_line("told to stop");
}

TEST_F(Loss, TwoHundredBlockedCallbacksDelayNobody) {
  auto worker = this->worker("w");
  Global g(caller_options());
  g.wait_function("hold", 30);
  Fetch<std::string()> hold{g, "hold"};
  std::vector<AsyncResult<std::string>> held;
  for (int i = 0; i < 200; ++i) held.push_back(hold.call(BG{}));
  EXPECT_EQ(Fetch<std::string(std::string)>(g, "echo").call(FG{.timeout = 30}, "x"), "x");
  for (int i = 0; i < 200; ++i) worker->wait_for_line("holding");
  Fetch<void()>(g, "release").call(FG{.timeout = 30});
  for (auto& each : held) EXPECT_EQ(each.get(30), "released");
}

TEST_F(Loss, AFullPoolAnswersBusyNotRun) {
  auto worker = this->worker("w", {"--threads", "2"});
  Global g(caller_options());
  g.wait_function("hold", 30);
  Fetch<std::string()> hold{g, "hold"};
  std::vector<AsyncResult<std::string>> held;
  for (int i = 0; i < 2; ++i) held.push_back(hold.call(BG{}));
  for (int i = 0; i < 2; ++i) worker->wait_for_line("holding");
  // Until the pool is found stuck a call may be queued; such a one is run later.
  std::optional<BusyError> busy;
  for (int i = 0; i < 100 && !busy; ++i) {
    auto another = Fetch<std::string(std::string)>{g, "echo"}.call(BG{}, "x");
    try {
      another.get(0.2);
    } catch (const BusyError& error) {
      busy = error;
    } catch (const TimeoutError&) {
    }
  }
  ASSERT_TRUE(busy.has_value());
  EXPECT_FALSE(busy->may_have_run());
  EXPECT_TRUE(busy->retryable());
  worker->send(SIGKILL);
}

TEST_F(Loss, CallsWithoutAResultAreFlushedByStop) {
  auto worker = this->worker("w");
  constexpr int kCalls = 2000;
  {
    Global g(caller_options());
    g.wait_function("count", 30);
    Fetch<void()> count{g, "count"};
    for (int i = 0; i < kCalls; ++i) count.call(BG{.return_result = false});
    g.stop();
  }
  Global g(caller_options("reader"));
  g.wait_function("counted", 30);
  // All have arrived; the last of them may still be running.
  Fetch<int()> counted{g, "counted"};
  int seen = 0;
  for (int i = 0; i < 1000 && seen != kCalls; ++i) seen = counted.call(FG{.timeout = 30});
  EXPECT_EQ(seen, kCalls);
}

TEST_F(Loss, BadBytesEndThatConnectionAndNothingElse) {
  auto worker = this->worker("w");
  Global g(caller_options());
  g.wait_function("who", 30);
  for (const std::string& noise :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("\x16\x03\x01\x02\x00", 5), std::string(1000, '\xff'),
        std::string("DAFFI\x01\x00\x00", 8) + std::string(64, '\xff')}) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (folder() + "/.sock").c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    (void)!write(fd, noise.data(), noise.size());
    timeval patience{20, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char buffer[4096];
    ssize_t got = 1;
    while (got > 0) got = read(fd, buffer, sizeof buffer);
    EXPECT_TRUE(got == 0 || errno == ECONNRESET) << "the connection is closed";
    close(fd);
    EXPECT_EQ(Fetch<std::string()>(g, "who").call(FG{.timeout = 30}), "w");
  }
}

}  // namespace
}  // namespace daffi::tests
