/// @file  Ledger: what a process did with each call, written so that it survives the process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace daffi::tests {

/// What is called: one result, a stream of items from the callback, or a stream of items to it.
enum class CallKind { unary, stream, feed };

/// One file per process, one line per fact, each in one write() at the end of the file: what was written is there
/// though the process is killed the moment after. A fact is written before the world can see it (sent, executed) or as
/// soon as it is known (the outcome). Resource. Threads: any.
///
///     born NAME PID | call ID TIME LIMIT KIND ITEMS | run ID TIME | item ID NUMBER | end ID TIME CODE MAYHAVERUN |
///     quit
class Ledger {
 public:
  /// Makes `folder`/NAME.PID.ledger. Throws std::system_error.
  Ledger(const std::filesystem::path& folder, const std::string& process);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// The caller, before it calls. `limit`: the call's timeout, zero for none; `items`: how many a whole stream has.
  void sent(const std::string& id, CallKind kind, std::chrono::milliseconds limit, long items = 0);
  /// The callee, first of all.
  void executed(const std::string& id);
  /// Whoever takes the items of a stream, for each, numbered from 0.
  void item(const std::string& id, long number);
  /// The caller: the call has ended well, or with an error. `code` is never 0.
  void succeeded(const std::string& id);
  void failed(const std::string& id, int code, bool may_have_run);
  /// The process ends in order: what has no outcome now never gets one.
  void closed();

 private:
  void write_line(const std::string& line);

  int descriptor_ = -1;
};

/// Of the clock that all processes of this host share.
std::chrono::nanoseconds monotonic_now();

}  // namespace daffi::tests
