/// @file  fork() in a process that has Globals: the child is told, harms nobody, and may make a Global of its own.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>

#include "base/recycled.hpp"
#include "daffi/daffi.hpp"

namespace daffi {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;

/// What is wrong, in words; runs in a child, where no expectation is heard.
class Complaints {
 public:
  void expect(bool right, const std::string& otherwise) {
    if (!right) text_ += otherwise + "\n";
  }
  void expect_refused(const std::string& what, const std::function<void()>& action) {
    try {
      action();
      text_ += what + " was not refused\n";
    } catch (const Error& error) {
      expect(error.code() == ErrorCode::stopped, what + ": another code");
      expect(error.message().find("fork()") != std::string::npos, what + ": " + error.message());
    } catch (...) {
      text_ += what + ": something that is no Error\n";
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Complaints of `body`, run in a child; also when it hangs or dies.
std::string in_child(const std::function<void(Complaints&)>& body) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    Complaints complaints;
    try {
      body(complaints);
    } catch (const std::exception& error) {
      complaints.expect(false, error.what());
    }
    const bool told = ::write(ends[1], complaints.text().data(), complaints.text().size()) >= 0;
    ::_exit(told ? 0 : 1);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[512];
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(count));
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) text += "ended by signal " + std::to_string(WTERMSIG(status)) + "\n";
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0) text += "status " + std::to_string(WEXITSTATUS(status)) + "\n";
  return text;
}

class Fork : public ::testing::Test {
 protected:
  void SetUp() override {
    if (DAFFI_THREAD_SANITIZER) GTEST_SKIP() << "the thread sanitizer cannot follow threads that begin after a fork";
    // That of clang 16 does not take its locks around a fork: now and then a child waits for one for good.
    if (DAFFI_ADDRESS_SANITIZER) GTEST_SKIP() << "the address sanitizer's allocator is not made for forks amid threads";
    service_ = std::make_unique<Global>(
        GlobalOptions{.process_name = "service", .init_controller = true, .host = "localhost"});
    service_->callback("twice", [](int number) { return 2 * number; });
    client_ = std::make_unique<Global>(options("client"));
    client_->wait_function("twice", patience);
  }
  GlobalOptions options(const std::string& name) const {
    return {.process_name = name, .host = "localhost", .port = service_->port(), .connect_timeout = patience};
  }
  static int twice(Global& g) { return (g.call("twice", 21) & FG{.timeout = patience}).as<int>(); }

  std::unique_ptr<Global> service_;
  std::unique_ptr<Global> client_;
};

TEST_F(Fork, TheChildIsToldThatTheGlobalIsTheParents) {
  EXPECT_EQ(in_child([&](Complaints& complaints) {
              complaints.expect_refused("call", [&] { twice(*client_); });
              complaints.expect_refused("BG", [&] { client_->call("twice", 1) & BG{}; });
              complaints.expect_refused("wait_process", [&] { client_->wait_process("nobody", 1s); });
              complaints.expect_refused("wait_function", [&] { client_->wait_function("nothing", 1s); });
              complaints.expect_refused("callback", [&] { client_->callback("late", [] {}); });
              complaints.expect_refused("members", [&] { (void)client_->members(); });
              complaints.expect_refused("stats of a controller", [&] { (void)service_->stats(); });
              complaints.expect_refused("join", [&] { service_->join(); });
              complaints.expect(!client_->connected(), "connected");
            }),
            "");
  EXPECT_EQ(twice(*client_), 42);
}

TEST_F(Fork, StoppingAndDestroyingInTheChildIsHarmless) {
  const auto registered = client_->callback("f", [] {});
  EXPECT_EQ(in_child([&](Complaints&) {
              registered.unregister();
              client_->stop();
              service_->stop(1s);
              client_ = nullptr;
              service_ = nullptr;
            }),
            "");
  EXPECT_EQ(twice(*client_), 42) << "the parent's Globals go on";
  EXPECT_TRUE(client_->connected());
}

TEST_F(Fork, AResultThatIsStillToComeComesToTheParentOnly) {
  std::latch go(1);
  service_->callback("slow", [&] {
    go.wait();
    return 7;
  });
  client_->wait_function("slow", patience);
  auto later = Fetch<int()>(*client_, "slow").call(BG{});
  auto there = Fetch<int(int)>(*client_, "twice").call(BG{}, 4);
  EXPECT_EQ(there.get(Duration(patience)), 8);
  EXPECT_EQ(in_child([&](Complaints& complaints) {
              complaints.expect_refused("get", [&] { (void)later.get(); });
              complaints.expect(!later.ready(), "ready");
              complaints.expect(there.get() == 8, "what came before the fork is not there");
              later.cancel();
            }),
            "");
  go.count_down();
  EXPECT_EQ(later.get(Duration(patience)), 7);
}

TEST_F(Fork, TheChildMakesAGlobalOfItsOwn) {
  EXPECT_EQ(in_child([&](Complaints& complaints) {
              client_ = nullptr;
              Global own(options("child"));
              own.callback("from_child", [] { return 5; });
              own.wait_function("twice", patience);
              complaints.expect(twice(own) == 42, "another result");
              Global next_door({.process_name = "apart", .init_controller = true, .host = "localhost"});
              complaints.expect(next_door.connected(), "a controller of its own does not run");
            }),
            "");
  EXPECT_EQ(twice(*client_), 42);
}

TEST_F(Fork, MayHappenWhileOthersRegisterByDefault) {
  std::atomic<bool> enough{false};
  std::thread busy([&] {
    while (!enough.load()) daffi::callback("default", [] {}).unregister();
  });
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(in_child([&](Complaints&) { daffi::callback("mine", [] {}).unregister(); }), "");
  }
  enough = true;
  busy.join();
}

TEST_F(Fork, MayHappenWhileValuesAreOnTheirWay) {
  service_->callback("echo", [](std::string text) { return text; });
  client_->wait_function("echo", patience);
  std::atomic<bool> enough{false};
  std::thread busy([&] {
    const std::string text(300'000, 'x');
    while (!enough.load()) EXPECT_EQ(Fetch<std::string(std::string)>(*client_, "echo")(text), text);
  });
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(in_child([&](Complaints& complaints) {
                Global own(options("child"));
                complaints.expect(twice(own) == 42, "another result");
              }),
              "");
  }
  enough = true;
  busy.join();
}

TEST_F(Fork, AnOpenStreamStaysTheParents) {
  constexpr int all = 100'000;
  service_->callback("count", []() -> Generator<int> {
    for (int i = 0; i < all; ++i) co_yield i;
  });
  client_->wait_function("count", patience);
  auto stream = std::make_unique<Stream<int>>(Fetch<Stream<int>()>(*client_, "count")());
  auto at = stream->begin();
  EXPECT_EQ(*at, 0);
  EXPECT_EQ(in_child([&](Complaints& complaints) {
              complaints.expect_refused("the next item", [&] { ++at; });
              stream = nullptr;  // tells nobody
            }),
            "");
  int items = 0;
  for (; at != stream->end(); ++at) ++items;
  EXPECT_EQ(items, all);
}

}  // namespace
}  // namespace daffi
