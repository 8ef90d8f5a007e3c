/// @file  CodeService: functions of code that others send, run here for those who may.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/annotations.hpp"
#include "rpc/code_runner.hpp"

namespace daffi::rpc {

/// Serves the system callback run_code. Threads: any. Lock order: its mutex is a leaf.
class CodeService {
 public:
  /// What is known of this process. Value.
  struct Options {
    std::string process_name;
    bool allow_code = false;
    std::function<wire::Identity()> identity;  ///< this process's own, as its controller stamped it
  };
  explicit CodeService(Options options) : options_(std::move(options)) {}

  /// From now on code of that kind runs here; the last runner of a kind counts.
  void add_runner(std::string kind, std::shared_ptr<CodeRunner> runner);
  /// A SystemHandler. Refuses whom it may not run code for before it looks at what was sent.
  void serve(detail::Invocation& invocation, const Caller& caller) const;

 private:
  std::shared_ptr<CodeRunner> runner_of(std::string_view kind) const;

  const Options options_;
  mutable base::Mutex mutex_;
  std::map<std::string, std::shared_ptr<CodeRunner>, std::less<>> runners_ DAFFI_GUARDED_BY(mutex_);
};

/// True when `receiver` runs what `sender` sends: both are verified as the same user of one host, or the receiver said
/// allow_code and the sender has proved by TLS who it is.
bool may_run_code(const wire::Identity& receiver, bool allow_code, const wire::Identity& sender);
/// The words for the sender that it may not.
base::Failure not_permitted(const std::string& receiver, const std::string& sender);

}  // namespace daffi::rpc
