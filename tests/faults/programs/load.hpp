/// @file  Load: threads that call without end, and enter each call and its outcome in a ledger.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daffi/daffi.hpp"
#include "faults/ledger.hpp"

namespace daffi::tests {

/// How a process calls. Value.
struct LoadOptions {
  /// One thread for each word: unary, batch (32 in the background), stream, feed, large (an argument and a result of
  /// `size` bytes), hold (until released), endless (a stream), endless_feed, pages (a stream of items of `size` bytes,
  /// one taken each `sip`), feed_pages (the same to the callback).
  std::vector<std::string> kinds;
  std::string receiver = {};
  double timeout = 10;              ///< of each call, in seconds; 0 for none
  std::chrono::microseconds pause;  ///< between two calls of a thread
  int items = 500;                  ///< of a stream
  int size = 400'000;
  std::chrono::microseconds sip{0};  ///< before each page is taken
};

/// Resource. Threads: its own, and any for stop().
class Load {
 public:
  Load(daffi::Global& g, Ledger& ledger, LoadOptions options);
  ~Load() { stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// No further call begins; blocks until all have ended.
  void stop();
  [[nodiscard]] std::uint64_t succeeded() const { return succeeded_; }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }

 private:
  void run(const std::string& kind);
  void call(const std::string& kind);
  void batch();
  bool attempt(const std::string& id, const std::function<void()>& body);
  std::string next_id();
  void wait(std::chrono::microseconds time);
  void take_stream(const std::string& id, int items);
  void take_pages(const std::string& id);

  daffi::Global& g_;
  Ledger& ledger_;
  const LoadOptions options_;
  const std::string prefix_;
  std::atomic<std::uint64_t> ids_{0};
  std::atomic<std::uint64_t> succeeded_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// Prints a line at once.
void say(const std::string& text);

}  // namespace daffi::tests
