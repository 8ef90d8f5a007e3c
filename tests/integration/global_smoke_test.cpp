/// @file  Globals with real threads and sockets, several in one process: TCP, UNIX sockets, TLS, hooks, stop, signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <filesystem>
#include <future>
#include <latch>
#include <thread>

#include "daffi/daffi.hpp"
#include "unit/net/certificates.hpp"

namespace daffi {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// Far longer than anything takes; only a broken library gets there.
constexpr auto patience = 60s;

std::unique_ptr<Global> controller_on_tcp(const std::string& name = "controller") {
  return std::make_unique<Global>(GlobalOptions{.process_name = name, .init_controller = true, .host = "localhost"});
}

GlobalOptions node_of(const Global& controller, const std::string& name) {
  return {.process_name = name, .host = "localhost", .port = controller.port()};
}

ErrorCode code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode{};
}

TEST(GlobalOnSockets, RefusesATakenPort) {
  const auto first = controller_on_tcp();
  try {
    Global second({.init_controller = true, .host = "localhost", .port = first->port()});
    FAIL() << "two controllers on one port";
  } catch (const InitializationError& error) {
    EXPECT_EQ(error.code(), ErrorCode::initialization);
    EXPECT_THAT(error.message(), HasSubstr(std::to_string(first->port())));
  }
}

TEST(GlobalOnSockets, RefusesATakenNameNamingTheHolder) {
  const auto controller = controller_on_tcp();
  Global holder(node_of(*controller, "shop"));
  try {
    Global second(node_of(*controller, "shop"));
    FAIL() << "two of one name";
  } catch (const InitializationError& error) {
    EXPECT_EQ(error.code(), ErrorCode::name_taken) << error.message();
    EXPECT_THAT(error.message(), HasSubstr("shop"));
  }
}

TEST(GlobalOnSockets, GivesUpAfterItsConnectTimeout) {
  auto controller = controller_on_tcp();
  auto options = node_of(*controller, "lonely");
  options.connect_timeout = 300ms;
  controller = nullptr;
  EXPECT_EQ(code_of([&] { Global lonely(options); }), ErrorCode::connect_timeout);
}

TEST(GlobalOnSockets, RefusesAWrongToken) {
  Global controller({.init_controller = true, .host = "localhost", .token = "right"});
  auto options = node_of(controller, "guest");
  options.token = "wrong";
  options.connect_timeout = patience;
  EXPECT_EQ(code_of([&] { Global guest(options); }), ErrorCode::refused);
  options.token = "right";
  EXPECT_TRUE(Global(options).connected());
}

TEST(GlobalOnSockets, CallsBothWaysOverTcp) {
  const auto shop = controller_on_tcp("shop");
  shop->callback("plus", [](int a, int b) { return a + b; });
  Global client(node_of(*shop, "client"));
  client.callback("name", [] { return std::string("Ann"); });
  EXPECT_EQ(Fetch<int(int, int)>(client, "plus")(1, 2), 3);
  shop->wait_function("name", patience);
  EXPECT_EQ(Fetch<std::string()>(*shop, "name", FG{.timeout = patience})(), "Ann");
  EXPECT_GT(shop->port(), 0);
  EXPECT_TRUE(shop->unix_sock_path().empty());
  EXPECT_TRUE(shop->is_controller());
  EXPECT_GT(shop->stats().frames_switched, 0u);
  EXPECT_EQ(shop->stats().members, 2u);
}

TEST(GlobalOnSockets, AControllerWithoutANodeKnowsTheCallbacksOfAll) {
  const net::testing::TemporaryFolder folder;
  const std::string path = folder / "socket";
  Global controller({.init_controller = true, .init_node = false, .unix_sock_path = path});
  EXPECT_TRUE(controller.registered_callbacks().empty());
  Global shop({.process_name = "shop", .unix_sock_path = path});
  Global client({.process_name = "client", .unix_sock_path = path});
  shop.callback("second", [] {});
  shop.callback("first", [] {});
  client.wait_function("first", patience);
  const auto known = controller.registered_callbacks();
  ASSERT_EQ(known.size(), 2u);
  EXPECT_TRUE(known.at("client").empty());
  EXPECT_EQ(known.at("shop"), (std::vector<std::string>{"second", "first"}));
  EXPECT_EQ(code_of([&] { controller.call("first") & FG{}; }), ErrorCode::initialization);
}

TEST(GlobalOnSockets, CallsOverAUnixSocketOfItsOwn) {
  const net::testing::TemporaryFolder folder;
  const std::string path = folder / "deep/er";
  Global shop({.process_name = "shop", .init_controller = true, .unix_sock_path = path});
  shop.callback("plus", [](int a, int b) { return a + b; });
  Global client({.unix_sock_path = path});
  EXPECT_EQ((client.call("plus", 1, 2) & FG{}).as<int>(), 3);
  EXPECT_EQ(shop.unix_sock_path(), path + "/.sock");
  EXPECT_EQ(shop.port(), 0);
  struct stat status {};
  ASSERT_EQ(::stat(shop.unix_sock_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
}

TEST(GlobalOnSockets, CallsOverTlsPinnedToOneCertificate) {
  const net::testing::TemporaryFolder folder;
  const net::testing::Certificate shared(folder, "shared", {});
  const net::testing::Certificate other(folder, "other", {});
  Global shop({.process_name = "shop",
               .init_controller = true,
               .host = "localhost",
               .ssl_certificate = shared.certificate_file(),
               .ssl_key = shared.key_file()});
  shop.callback("plus", [](int a, int b) { return a + b; });
  auto options = node_of(shop, "client");
  options.ssl_certificate = shared.certificate_file();
  options.ssl_key = shared.key_file();
  Global client(options);
  EXPECT_EQ((client.call("plus", 1, 2) & FG{.timeout = patience}).as<int>(), 3);

  options.process_name = "stranger";
  options.ssl_certificate = other.certificate_file();
  options.ssl_key = other.key_file();
  options.connect_timeout = 2s;
  EXPECT_THROW(Global(options).stop(), InitializationError);
}

TEST(GlobalOnSockets, ControllerAloneServesOthersButCannotCall) {
  Global controller({.init_controller = true, .init_node = false, .host = "localhost"});
  Global a(node_of(controller, "a"));
  a.callback("f", [] { return 1; });
  Global b(node_of(controller, "b"));
  b.wait_function("f", patience);
  EXPECT_EQ((b.call("f") & FG{}).as<int>(), 1);
  EXPECT_THROW(controller.call("f") & FG{}, InitializationError);
  EXPECT_THROW(controller.callback("g", [] {}), InitializationError);
}

TEST(GlobalOnSockets, ServesManyThreadsAtOnce) {
  const auto shop = controller_on_tcp("shop");
  shop->callback("square", [](int number) { return number * number; });
  Global client(node_of(*shop, "client"));
  const Fetch<int(int)> square(client, "square");
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) wrong += square(i) != i * i;
      });
  }
  EXPECT_EQ(wrong, 0);
  std::vector<AsyncResult<int>> results;
  for (int i = 0; i < 500; ++i) results.push_back(square.call(BG{}, i));
  for (int i = 0; i < 500; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i * i);
}

TEST(GlobalOnSockets, CoroutinesResumeOnHandlerThreads) {
  const auto shop = controller_on_tcp("shop");
  shop->callback("one", [] { return 1; });
  Global client(node_of(*shop, "client"));
  const Fetch<int(), BG> one(client, "one");
  client.callback("many", [one](int count) -> Task<int> {
    int sum = 0;
    for (int i = 0; i < count; ++i) {
      const int got = co_await one();
      sum += got;
    }
    co_return sum;
  });
  shop->wait_function("many", patience);
  EXPECT_EQ((shop->call("many", 100) & FG{.timeout = patience}).as<int>(), 100);
}

TEST(GlobalOnSockets, UnregisteringWaitsForRunningCalls) {
  const auto shop = controller_on_tcp("shop");
  std::latch entered(1);
  std::latch leave(1);
  std::atomic<bool> left{false};
  const auto registration = shop->callback("hold", [&] {
    entered.count_down();
    leave.wait();
    left = true;
  });
  Global client(node_of(*shop, "client"));
  const auto result = client.call("hold") & BG{};
  entered.wait();
  auto gone = std::async(std::launch::async, [&] {
    registration.unregister();
    return left.load();
  });
  EXPECT_EQ(gone.wait_for(20ms), std::future_status::timeout);
  leave.count_down();
  EXPECT_TRUE(gone.get());
  result.get(patience);
}

TEST(GlobalOnSockets, UnregisteringWaitsForRunningCallsOfOneThatWasReplacedToo) {
  const auto shop = controller_on_tcp("shop");
  std::latch entered(1);
  std::latch leave(1);
  std::atomic<bool> left{false};
  const auto registration = shop->callback("hold", [&] {
    entered.count_down();
    leave.wait();
    left = true;
  });
  Global client(node_of(*shop, "client"));
  const auto result = client.call("hold") & BG{};
  entered.wait();
  shop->callback("hold", [] {});
  auto gone = std::async(std::launch::async, [&] {
    registration.unregister();
    return left.load();
  });
  EXPECT_EQ(gone.wait_for(20ms), std::future_status::timeout);
  leave.count_down();
  EXPECT_TRUE(gone.get());
  result.get(patience);
}

TEST(GlobalOnSockets, StopLetsARunningCallbackFinish) {
  const auto controller = controller_on_tcp();
  Global shop(node_of(*controller, "shop"));
  std::latch entered(1);
  std::latch leave(1);
  shop.callback("hold", [&] {
    entered.count_down();
    leave.wait();
    return 5;
  });
  controller->wait_function("hold", patience);
  const auto result = controller->call("hold") & BG{};
  entered.wait();
  auto stopping = std::async(std::launch::async, [&] { shop.stop(patience); });
  EXPECT_EQ(stopping.wait_for(20ms), std::future_status::timeout);
  leave.count_down();
  stopping.get();
  EXPECT_EQ(result.get(patience).as<int>(), 5);
}

TEST(GlobalOnSockets, StopFromInsideACallbackAnswersThatCallOrEndsIt) {
  const auto controller = controller_on_tcp();
  Global shop(node_of(*controller, "shop"));
  shop.callback("quit", [&] { shop.stop(); });
  controller->wait_function("quit", patience);
  const auto code = code_of([&] { controller->call("quit") & FG{.timeout = patience}; });
  EXPECT_TRUE(code == ErrorCode{} || code == ErrorCode::remote_stopped) << static_cast<int>(code);
  shop.join();
}

TEST(GlobalOnSockets, StopUnderLoadEndsEveryCall) {
  const auto controller = controller_on_tcp();
  auto shop = std::make_unique<Global>(node_of(*controller, "shop"));
  shop->callback("square", [](int number) { return number * number; });
  auto client = std::make_unique<Global>(node_of(*controller, "client"));
  client->wait_function("square", patience);
  const Fetch<int(int)> square(*client, "square");
  std::latch running(4);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      running.count_down();
      try {
        for (;;) square(3);
      } catch (const Error&) {
      }
    });
  running.wait();
  std::jthread other([&] { client->stop(); });
  client->stop();
  other.join();
  client = nullptr;
  threads.clear();
}

TEST(GlobalOnSockets, JoinReturnsAfterStop) {
  const auto controller = controller_on_tcp();
  auto joined = std::async(std::launch::async, [&] { controller->join(); });
  controller->stop();
  EXPECT_EQ(joined.wait_for(patience), std::future_status::ready);
}

TEST(GlobalOnSockets, MayBeDestroyedOnceJoinHasReturned) {
  for (int i = 0; i < 10; ++i) {
    auto controller = controller_on_tcp();
    std::jthread stopping([g = controller.get()] { g->stop(); });
    controller->join();
    controller = nullptr;
  }
}

TEST(GlobalOnSockets, ToldToItStopsOnASignal) {
  const auto controller = controller_on_tcp();
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGTERM, nullptr, &before), 0);
  auto joined = std::async(std::launch::async, [&] { controller->join({.stop_on_signals = true}); });
  struct sigaction now = before;
  while (now.sa_handler == before.sa_handler) {
    std::this_thread::yield();
    ::sigaction(SIGTERM, nullptr, &now);
  }
  ::kill(::getpid(), SIGTERM);
  ASSERT_EQ(joined.wait_for(patience), std::future_status::ready);
  ::sigaction(SIGTERM, nullptr, &now);
  EXPECT_EQ(now.sa_handler, before.sa_handler);
  EXPECT_EQ(code_of([&] { controller->call("f") & FG{}; }), ErrorCode::stopped);
}

TEST(GlobalOnSockets, HooksTellWhereTheControllerRunsWhoComesAndGoes) {
  struct Seen {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> lines;
    void note(std::string line) {
      const std::lock_guard lock(mutex);
      lines.push_back(std::move(line));
      changed.notify_all();
    }
    bool wait_for(const std::string& line) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, patience, [&] { return std::ranges::count(lines, line) > 0; });
    }
  } seen;
  GlobalOptions options{.process_name = "c", .init_controller = true, .host = "localhost"};
  options.on_init = [&](Global&, const std::string& name) { seen.note("init " + name); };
  options.on_node_connect = [&](Global&, const std::string& name) { seen.note("connect " + name); };
  options.on_node_disconnect = [&](Global&, const std::string& name) { seen.note("disconnect " + name); };
  {
    Global controller(options);
    EXPECT_TRUE(seen.wait_for("connect c"));
    {
      Global guest(node_of(controller, "guest"));
      EXPECT_TRUE(seen.wait_for("connect guest"));
    }
    EXPECT_TRUE(seen.wait_for("disconnect guest"));
  }
  EXPECT_EQ(seen.lines,
            (std::vector<std::string>{"init c", "connect c", "connect guest", "disconnect guest", "disconnect c"}));
}

TEST(GlobalOnSockets, LeavesNoThreadBehind) {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
  };
  { const auto warm_up = controller_on_tcp(); }
  const auto before = threads();
  for (int i = 0; i < 5; ++i) {
    const auto controller = controller_on_tcp();
    Global client(node_of(*controller, "client"));
  }
  // The kernel lists a thread for a moment after it has been joined.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (threads() > before && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_LE(threads(), before);
}

}  // namespace
}  // namespace daffi
