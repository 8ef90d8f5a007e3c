/// @file  Judges the ledgers of all processes of a test, once they have ended: did every promise about calls hold?
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace daffi::tests {

/// Value.
struct CheckOptions {
  /// Processes that were killed, each as NAME.PID: they may leave calls without an outcome, and no others may.
  std::set<std::string> killed = {};
  /// How long after its timeout a call may end. The promise is a second; a loaded machine, or a caller that was itself
  /// stopped for a while, needs more.
  std::chrono::milliseconds slack = std::chrono::seconds(60);
};

/// What was found. Value.
struct Verdict {
  std::size_t processes = 0;
  std::size_t calls = 0;
  std::size_t succeeded = 0;
  std::size_t failed = 0;             ///< ended with an error, these included:
  std::size_t certainly_not_run = 0;  ///< ended with an error that says so
  std::size_t executions = 0;
  std::size_t items = 0;              ///< of streams, taken
  std::size_t excused = 0;            ///< without an outcome, because their caller was killed
  std::map<int, std::size_t> errors;  ///< failed ones by error code
  std::size_t lost = 0;               ///< without an outcome, or with a result that nobody executed
  std::size_t doubled = 0;            ///< executed twice, or with two outcomes
  std::size_t overdue = 0;            ///< ended later than their timeout and the slack
  std::vector<std::string> broken;    ///< each promise that did not hold, in words; the first hundred

  /// One line of figures.
  [[nodiscard]] std::string summary() const;
};

/// Reads every *.ledger in `folder`. Its promises:
/// each call has exactly one outcome; no result without an execution; nothing is executed twice; what ended as
/// certainly not run was never executed, not even later; nobody executes what nobody sent; the items of a stream come
/// in order, without gap or repeat, and all of them when the call ended well; nothing ends long after its timeout.
Verdict check_ledgers(const std::filesystem::path& folder, const CheckOptions& options = {});

}  // namespace daffi::tests
