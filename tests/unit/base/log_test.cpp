/// @file  Tests of the log queue and of how lines look.
#include "base/log.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/log_console.hpp"

namespace daffi::base {
namespace {

// Keeps what was logged while it lives.
class Capture {
 public:
  Capture() {
    set_log_sink([this](const LogRecord& record) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::string(record.part) + ": " + std::string(record.text));
    });
  }
  ~Capture() { set_log_sink(nullptr); }
  std::vector<std::string> lines() {
    flush_log();
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST(Log, LinesBelowTheLevelAreNotKept) {
  Capture capture;
  set_log_level(LogLevel::warning);
  log(LogLevel::info, "node", "quiet");
  log(LogLevel::warning, "node", "loud");
  set_log_level(LogLevel::info);
  EXPECT_EQ(capture.lines(), std::vector<std::string>{"node: loud"});
  EXPECT_FALSE(log_enabled(LogLevel::debug));
}

TEST(Log, SinkThatThrowsDoesNoHarm) {
  set_log_sink([](const LogRecord&) { throw std::runtime_error("sink"); });
  log(LogLevel::info, "node", "one");
  EXPECT_TRUE(flush_log());
  Capture capture;
  log(LogLevel::info, "node", "two");
  EXPECT_EQ(capture.lines(), std::vector<std::string>{"node: two"});
}

TEST(Log, FullQueueDropsAndCounts) {
  std::promise<void> entered;
  std::promise<void> open;
  std::atomic<bool> first = true;
  std::vector<std::string> texts;  // touched by the log thread only, until the sink is replaced
  set_log_sink([&, gate = open.get_future().share()](const LogRecord& record) {
    if (first.exchange(false)) {
      entered.set_value();
      gate.wait();
    }
    texts.emplace_back(record.text);
  });
  log(LogLevel::info, "node", "holds the log thread");
  entered.get_future().wait();
  for (int i = 0; i < 8192 + 10; ++i) log(LogLevel::info, "node", "line");
  open.set_value();
  EXPECT_TRUE(flush_log(std::chrono::seconds(60)));
  log(LogLevel::info, "node", "after");
  flush_log(std::chrono::seconds(60));
  set_log_sink(nullptr);
  ASSERT_EQ(texts.size(), 8192u + 3u);
  EXPECT_EQ(texts[8193], "10 log lines dropped");
  EXPECT_EQ(texts[8194], "after");
}

TEST(Log, SinkMayLogAndReplaceItself) {
  std::vector<std::string> texts;
  set_log_sink([&](const LogRecord& record) {
    texts.emplace_back(record.text);
    if (texts.size() > 1) return;
    log(LogLevel::info, "node", "second");
    EXPECT_FALSE(flush_log());
  });
  log(LogLevel::info, "node", "first");
  flush_log();
  flush_log();
  set_log_sink(nullptr);
  EXPECT_EQ(texts, (std::vector<std::string>{"first", "second"}));
}

TEST(Log, SinksRunOnOneThreadWithSignalsBlocked) {
  std::thread::id writer;
  bool blocked = false;
  set_log_sink([&](const LogRecord&) {
    writer = std::this_thread::get_id();
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1;
  });
  log(LogLevel::info, "node", "line");
  flush_log();
  set_log_sink(nullptr);
  EXPECT_NE(writer, std::this_thread::get_id());
  EXPECT_TRUE(blocked);
}

TEST(Log, LinesOfOneThreadKeepTheirOrder) {
  Capture capture;
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    log(LogLevel::info, "node", std::to_string(i));
    expected.push_back("node: " + std::to_string(i));
  }
  EXPECT_EQ(capture.lines(), expected);
}

TEST(LogLine, TextOfAPeerCannotPoseAsALine) {
  const LogRecord record{LogLevel::info, "node", "name 'x\nERROR:  forged\r\x1b[31m'", {}};
  const std::string line = format_log_line(record);
  EXPECT_NE(line.find("\n    ERROR:  forged??[31m'"), std::string::npos) << line;
}

TEST(LogLine, HasLevelTimeNameAndText) {
  const LogRecord record{LogLevel::warning, "controller", "started", std::chrono::system_clock::now()};
  const std::string line = format_log_line(record);
  ASSERT_EQ(line.size(), std::string("WARNING:  2026-01-01 00:00:00 | daffi.controller | started").size());
  EXPECT_TRUE(line.starts_with("WARNING:  20"));
  EXPECT_TRUE(line.ends_with(" | daffi.controller | started"));
}

}  // namespace
}  // namespace daffi::base
