/// @file  CodeService: who may, what can be run, and running it.
#include "rpc/code_service.hpp"

#include <utility>

#include "rpc/code_message.hpp"
#include "session/proof.hpp"

namespace daffi::rpc {

bool may_run_code(const wire::Identity& receiver, bool allow_code, const wire::Identity& sender) {
  return session::same_user(receiver, sender) || (allow_code && session::over_tls(sender));
}

base::Failure not_permitted(const std::string& receiver, const std::string& sender) {
  return base::fail(ErrorCode::not_permitted,
                    "process '" + receiver + "' does not run code sent by '" + sender +
                        "': that takes either that both are verified as the same user on the same host, or that '" +
                        receiver + "' was started with allow_code and '" + sender + "' has a certificate");
}

void CodeService::add_runner(std::string kind, std::shared_ptr<CodeRunner> runner) {
  base::Lock lock(mutex_);
  runners_.insert_or_assign(std::move(kind), std::move(runner));
}

void CodeService::serve(detail::Invocation& invocation, const Caller& caller) const {
  if (!may_run_code(options_.identity(), options_.allow_code, caller.identity))
    throw SystemRefusal{not_permitted(options_.process_name, caller.name)};
  const auto message = read_code_message(invocation.arguments());
  if (!message.ok()) throw SystemRefusal{message.failure()};
  runner_of(message->kind)->run({message->hash, message->code, message->function, message->arguments}, invocation);
}

std::shared_ptr<CodeRunner> CodeService::runner_of(std::string_view kind) const {
  std::string can;
  {
    base::Lock lock(mutex_);
    const auto at = runners_.find(kind);
    if (at != runners_.end()) return at->second;
    for (const auto& [name, runner] : runners_) can += (can.empty() ? "" : "; ") + name + ": " + runner->what();
  }
  throw SystemRefusal{base::fail(ErrorCode::unusable_code, "process '" + options_.process_name +
                                                               "' cannot run code of the kind '" + std::string(kind) +
                                                               "'; it can run " + (can.empty() ? "none" : can))};
}

}  // namespace daffi::rpc
