/// @file  From a modifier to the CallSpec that the node works by.
#include "daffi/modifiers.hpp"

#include <algorithm>

#include "base/duration_text.hpp"
#include "base/per_thread.hpp"
#include "base/result.hpp"

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

// Which process takes the call.
template <typename M>
void take_choice(CallSpec& spec, const M& modifier, const char* kind) {
  spec.receiver = modifier.receiver;
  spec.balance = modifier.balance;
  spec.key = modifier.key;
  if (!spec.key.empty() && spec.balance == Balance::unset) spec.balance = Balance::sticky;
  if (spec.key.empty() && spec.balance == Balance::sticky)
    refuse(std::string("balance of ") + kind + " is sticky, so it needs a key");
  if (!spec.key.empty() && spec.balance != Balance::sticky)
    refuse(std::string("key of ") + kind + " only goes with the sticky balance");
}

template <typename M>
CallSpec common(std::string name, const M& modifier, const char* kind) {
  CallSpec spec;
  spec.name = std::move(name);
  take_choice(spec, modifier, kind);
  spec.timeout = checked(modifier.timeout, kind, "timeout");
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

SharedSpec shared_spec(const std::string& name, const BG& modifier, std::size_t positional) {
  struct Last {
    BG modifier;
    SharedSpec spec;
  };
  auto& [as, spec] = base::PerThread<Last>::mine();
  if (spec && spec->positional == positional && spec->name == name && as == modifier) return spec;
  auto fresh = std::make_shared<CallSpec>(call_spec(name, modifier));
  fresh->positional = positional;
  as = modifier;
  spec = std::move(fresh);
  return spec;
}

CallSpec call_spec(std::string name, const BROADCAST& modifier) {
  CallSpec spec;
  spec.name = std::move(name);
  spec.timeout = checked(modifier.timeout, "BROADCAST", "timeout");
  spec.eta = checked(modifier.eta, "BROADCAST", "eta");
  spec.return_result = modifier.return_result;
  spec.broadcast = true;
  return spec;
}

CallSpec call_spec(std::string name, const PERIOD& modifier) {
  CallSpec spec;
  spec.name = std::move(name);
  take_choice(spec, modifier, "PERIOD");
  const auto interval = checked(modifier.interval, "PERIOD", "interval");
  const auto period = checked(modifier.period, "PERIOD", "period");
  if (interval.count() != 0 && period.count() != 0)
    base::throw_failure(
        base::fail(ErrorCode::initialization, "PERIOD takes interval or period, which mean the same, and not both"));
  spec.times = std::make_shared<const Times>(Times{modifier.at_time.list(), std::max(interval, period)});
  return spec;
}

}  // namespace daffi::inline v1::detail
