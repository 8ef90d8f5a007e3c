/// @file  The log queue and the thread that empties it.
#include "base/log.hpp"

#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "base/annotations.hpp"
#include "base/log_console.hpp"
#include "base/threads.hpp"

namespace daffi::base {
namespace {

constexpr std::size_t kMaxQueuedLines = 8192;
constexpr std::size_t kMaxLineBytes = 16 * 1024;

using Sink = std::function<void(const LogRecord&)>;

std::optional<LogLevel> level_from_environment() {
  const char* text = std::getenv("DAFFI_LOG");
  if (text == nullptr) return std::nullopt;
  const std::string_view name = text;
  if (name == "debug") return LogLevel::debug;
  if (name == "info") return LogLevel::info;
  if (name == "warning") return LogLevel::warning;
  if (name == "error") return LogLevel::error;
  if (name == "off") return LogLevel::off;
  return std::nullopt;
}

/// Threads: any. Never destroyed, because other threads may log until the process is gone.
class Logger {
 public:
  explicit Logger(std::shared_ptr<const Sink> sink = nullptr) : sink_(std::move(sink)) {}

  void push(LogLevel level, std::string_view part, std::string text) DAFFI_EXCLUDES(mutex_);
  bool flush(Duration at_most) DAFFI_EXCLUDES(mutex_);
  void set_sink(Sink sink) DAFFI_EXCLUDES(mutex_);
  // Lines said after exit began reach the console at once: what a user's sink refers to may be gone by then.
  void finish() DAFFI_EXCLUDES(mutex_);

  void lock_for_fork() DAFFI_ACQUIRE(mutex_) { mutex_.lock(); }
  void unlock_after_fork() DAFFI_RELEASE(mutex_) { mutex_.unlock(); }
  std::shared_ptr<const Sink> sink_in_child() DAFFI_NO_THREAD_SAFETY_ANALYSIS { return sink_; }

 private:
  struct Line {
    LogLevel level;
    std::string_view part;
    std::string text;
    WallTime time;
  };

  void start() DAFFI_REQUIRES(mutex_);
  [[noreturn]] void run() DAFFI_EXCLUDES(mutex_);
  void write(const Line& line, const Sink* sink);
  bool on_writer() const { return writer_ == std::this_thread::get_id(); }

  Mutex mutex_;
  ConditionVariable queued_;
  ConditionVariable written_;
  std::deque<Line> lines_ DAFFI_GUARDED_BY(mutex_);
  std::size_t dropped_ DAFFI_GUARDED_BY(mutex_) = 0;
  std::uint64_t said_ DAFFI_GUARDED_BY(mutex_) = 0;  // lines ever queued
  std::uint64_t done_ DAFFI_GUARDED_BY(mutex_) = 0;  // lines ever written
  bool writing_ DAFFI_GUARDED_BY(mutex_) = false;
  bool started_ DAFFI_GUARDED_BY(mutex_) = false;
  bool finishing_ DAFFI_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const Sink> sink_ DAFFI_GUARDED_BY(mutex_);
  std::atomic<std::thread::id> writer_;
  ConsoleWriter console_;  // used by the writer only
};

std::atomic<LogLevel> g_level{LogLevel::info};
std::atomic<Logger*> g_logger{nullptr};

// A child has none of its parent's threads, so it begins with an empty queue: the parent writes what it had queued.
void prepare_fork() DAFFI_NO_THREAD_SAFETY_ANALYSIS { g_logger.load()->lock_for_fork(); }
void continue_parent() DAFFI_NO_THREAD_SAFETY_ANALYSIS { g_logger.load()->unlock_after_fork(); }
void continue_child() { g_logger = new Logger(g_logger.load()->sink_in_child()); }

Logger& logger() {
  static const bool ready = [] {
    g_level = level_from_environment().value_or(g_level.load());
    g_logger = new Logger;
    pthread_atfork(prepare_fork, continue_parent, continue_child);
    std::atexit([] { g_logger.load()->finish(); });
    return true;
  }();
  static_cast<void>(ready);
  return *g_logger.load();
}

void Logger::start() {
  if (started_) return;
  started_ = true;
  std::thread writer = try_spawn("daffi-log", [this] { run(); });
  if (writer.joinable()) {
    writer.detach();
  } else {
    started_ = false;  // the next line tries again
  }
}

void Logger::push(LogLevel level, std::string_view part, std::string text) {
  if (text.size() > kMaxLineBytes) text.resize(kMaxLineBytes);
  const WallTime now = Clock::system().wall();
  bool finishing = false;
  {
    const Lock lock(mutex_);
    if (lines_.size() >= kMaxQueuedLines) {
      ++dropped_;
      return;
    }
    if (dropped_ > 0 && lines_.size() + 1 < kMaxQueuedLines) {
      lines_.push_back({LogLevel::warning, "log", std::to_string(dropped_) + " log lines dropped", now});
      dropped_ = 0;
      ++said_;
    }
    lines_.push_back({level, part, std::move(text), now});
    ++said_;
    start();
    finishing = finishing_;
  }
  queued_.notify_one();
  if (finishing) flush(std::chrono::milliseconds(200));
}

void Logger::run() {
  writer_ = std::this_thread::get_id();
  Lock lock(mutex_);
  while (true) {
    while (lines_.empty()) queued_.wait(lock);
    const Line line = std::move(lines_.front());
    lines_.pop_front();
    const std::shared_ptr<const Sink> sink = sink_;
    writing_ = true;
    lock.unlock();
    write(line, sink.get());
    lock.lock();
    writing_ = false;
    ++done_;
    written_.notify_all();
  }
}

void Logger::write(const Line& line, const Sink* sink) {
  const LogRecord record{line.level, line.part, line.text,
                         std::chrono::time_point_cast<std::chrono::system_clock::duration>(line.time)};
  try {
    if (sink != nullptr) {
      (*sink)(record);
    } else {
      console_.write(record);
    }
  } catch (...) {
    // A sink that fails must not end the process, and there is nowhere left to tell.
  }
}

bool Logger::flush(Duration at_most) {
  if (on_writer()) return false;
  const auto until = std::chrono::steady_clock::now() + at_most;
  Lock lock(mutex_);
  const std::uint64_t goal = said_;
  while (started_ && done_ < goal) {
    if (written_.wait_until(lock, until) == std::cv_status::timeout) return done_ >= goal;
  }
  return done_ >= goal;
}

void Logger::set_sink(Sink sink) {
  flush(std::chrono::seconds(2));
  std::shared_ptr<const Sink> next = sink ? std::make_shared<const Sink>(std::move(sink)) : nullptr;
  Lock lock(mutex_);
  sink_.swap(next);
  while (writing_ && !on_writer()) written_.wait(lock);
  lock.unlock();  // the previous sink is destroyed outside the lock
}

void Logger::finish() {
  flush(std::chrono::seconds(2));
  const Lock lock(mutex_);
  finishing_ = true;
  // Not destroyed: its destructor is the user's code, and the process is ending.
  if (sink_) static_cast<void>(new std::shared_ptr<const Sink>(std::exchange(sink_, nullptr)));
}

}  // namespace

bool log_enabled(LogLevel level) {
  logger();
  return level >= g_level.load(std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view part, std::string text) {
  if (log_enabled(level)) logger().push(level, part, std::move(text));
}

bool flush_log(Duration at_most) { return logger().flush(at_most); }

}  // namespace daffi::base

namespace daffi::inline v1 {

void set_log_sink(std::function<void(const LogRecord&)> sink) { base::logger().set_sink(std::move(sink)); }

void set_log_level(LogLevel level) {
  base::logger();
  base::g_level = base::level_from_environment().value_or(level);
}

}  // namespace daffi::inline v1
