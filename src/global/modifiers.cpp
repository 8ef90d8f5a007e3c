/// @file  From a modifier to the CallSpec that the node works by.
#include "daffi/modifiers.hpp"

#include "base/duration_text.hpp"
#include "base/result.hpp"
#include "global/current_arguments.hpp"

namespace daffi::inline v1::detail {

namespace {

[[noreturn]] void refuse(std::string text) {
  base::throw_failure(base::fail(ErrorCode::invalid_modifier, std::move(text)));
}

std::chrono::nanoseconds checked(Duration duration, const char* modifier, const char* argument) {
  if (duration.is_negative())
    refuse(std::string(argument) + " of " + modifier +
           " must not be negative: " + base::format_duration(duration.nanoseconds()));
  return duration.nanoseconds();
}

template <typename M>
CallSpec common(std::string name, const M& modifier, const char* kind) {
  CallSpec spec;
  spec.name = std::move(name);
  spec.receiver = modifier.receiver;
  spec.timeout = checked(modifier.timeout, kind, "timeout");
  spec.balance = modifier.balance;
  spec.key = modifier.key;
  spec.show_arguments = &show_current_arguments;
  if (!spec.key.empty() && spec.balance == Balance::unset) spec.balance = Balance::sticky;
  if (spec.key.empty() && spec.balance == Balance::sticky)
    refuse(std::string("balance of ") + kind + " is sticky, so it needs a key");
  if (!spec.key.empty() && spec.balance != Balance::sticky)
    refuse(std::string("key of ") + kind + " only goes with the sticky balance");
  return spec;
}

}  // namespace

CallSpec call_spec(std::string name, const FG& modifier) { return common(std::move(name), modifier, "FG"); }

CallSpec call_spec(std::string name, const BG& modifier) {
  CallSpec spec = common(std::move(name), modifier, "BG");
  spec.eta = checked(modifier.eta, "BG", "eta");
  spec.return_result = modifier.return_result;
  return spec;
}

CallSpec call_spec(std::string name, const BROADCAST& modifier) {
  CallSpec spec;
  spec.name = std::move(name);
  spec.timeout = checked(modifier.timeout, "BROADCAST", "timeout");
  spec.eta = checked(modifier.eta, "BROADCAST", "eta");
  spec.return_result = modifier.return_result;
  spec.broadcast = true;
  spec.show_arguments = &show_current_arguments;
  return spec;
}

}  // namespace daffi::inline v1::detail
