/// @file  Field: the processes of one fault case, whom the test kills, stops and starts again, and their ledgers.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "faults/checker.hpp"
#include "support/process.hpp"

namespace daffi::tests {

/// True in the long form, which `./dev soak` runs.
bool soaking();
/// How long all of it is to take; 0 in the short form.
int soak_minutes();
std::chrono::steady_clock::time_point soak_end();

/// What a process holds. Value.
struct Footprint {
  std::size_t memory_kib = 0;  ///< resident
  std::size_t descriptors = 0;
};
Footprint footprint(pid_t pid);

/// For what is a span of time by its nature: being frozen, or cut off, for that long.
void let_pass(std::chrono::milliseconds time);

/// A controller on a UNIX socket and whoever else is started. Threads: the test's.
class Field : public ::testing::Test {
 protected:
  using Arguments = std::vector<std::string>;

  Field();
  ~Field() override;

  /// Starts a process of programs/party and waits until it is up. The second of a name follows the first.
  Process& start(const std::string& name, Arguments arguments);
  /// The same for the usual roles.
  Process& start_controller(Arguments more = {});
  Process& start_callee(const std::string& name = "callee", Arguments more = {});
  /// `kinds`: see LoadOptions.
  Process& start_caller(const std::string& kinds, Arguments more = {}, const std::string& name = "caller");

  Process& process(const std::string& name) { return *processes_.at(name); }
  /// kill -9, and the end of it waited for.
  void kill(const std::string& name);
  /// SIGTERM, and an end in order. Returns the closing line of counters.
  std::string stop(const std::string& name);
  /// Lets a caller end its load: all its calls have an outcome then.
  void finish(const std::string& name = "caller");
  /// Blocks until `more` further calls of a caller, rounded up to hundreds, have ended well.
  void await_calls(const std::string& name, std::uint64_t more);
  /// Stops whoever still runs, callers first, and judges the ledgers: the test fails where a promise did not hold.
  Verdict judge(CheckOptions options = {});

  TemporaryFolder folder_;
  /// Changes that whoever is started next is to find in its environment.
  Process::Environment environment_;
  /// Where the controller listens, and where nodes find it: the same, unless a proxy is to stand between.
  Arguments controller_address_;
  Arguments address_;
  /// Has the controller listen on a TCP port, now and after a restart. In place of start_controller().
  void start_controller_on_tcp(Arguments more = {}, const std::string& host = "127.0.0.1");
  [[nodiscard]] std::uint16_t port() const { return port_; }
  std::filesystem::path folder() const { return folder_.path(); }
  std::filesystem::path ledgers() const { return folder_.path() / "ledgers"; }

 private:
  std::map<std::string, std::unique_ptr<Process>> processes_;
  std::vector<std::unique_ptr<Process>> gone_;
  std::set<std::string> killed_;  // NAME.PID: the system gives the same number again
  std::uint16_t port_ = 0;
  bool judged_ = false;
};

/// The number behind `word` in a line of counters; fails the test when there is none.
std::uint64_t counter(const std::string& line, const std::string& word);

}  // namespace daffi::tests
