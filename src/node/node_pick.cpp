/// @file  Node, who takes a call: holders found, chosen and checked, before anything is sent.
#include <algorithm>

#include "base/per_thread.hpp"
#include "node/node_impl.hpp"
#include "session/permission.hpp"

namespace daffi::node {
namespace {

base::Failure is_stopping(const std::string& process) {
  return base::fail(ErrorCode::draining, "process '" + process + "' is stopping and takes no calls");
}

base::Failure mixed_up(const detail::CallSpec& spec, const Signature& signature) {
  const std::string said = "Function signature: " + signature.text(spec.name);
  if (!signature.stream) {
    return base::fail(ErrorCode::wrong_arguments, "'" + spec.name + "' gives one result and no stream. " + said);
  }
  return base::fail(ErrorCode::wrong_arguments, "'" + spec.name +
                                                    "' gives a stream: it is fetched as a Stream, or with "
                                                    "Global::stream(), one at a time. " +
                                                    said);
}

}  // namespace

std::string given_arguments(const rpc::OutgoingCall& call) {
  if (call.chunked) return call.large.empty() ? std::string() : show_arguments(call.large.whole().bytes);
  return call.shown.empty() ? std::string() : show_arguments(call.shown);
}

Node::Impl::Pick Node::Impl::checked(const rpc::OutgoingCall& call, const Holder& holder) const {
  const detail::CallSpec& spec = call.spec;
  if (holder.signature) {
    if (holder.signature->stream != spec.wants_stream) return {{}, false, mixed_up(spec, *holder.signature)};
    const auto mistake = check_arguments(spec.name, *holder.signature, spec.positional, spec.keywords);
    if (mistake) {
      return {{},
              false,
              base::fail(ErrorCode::wrong_arguments,
                         argument_error_text(*mistake, spec.name, *holder.signature, given_arguments(call)))};
    }
  }
  return {Route{holder.member, spec.system_at_holder ? spec.system : holder.callback_id}, false, {}};
}

Node::Impl::Pick Node::Impl::pick(rpc::OutgoingCall& call) {
  if (call.spec.system != 0 && !call.spec.system_at_holder) return pick_process(call);
  if (call.spec.broadcast) return pick_every(call);
  return call.spec.receiver.empty() ? pick_any(call) : pick_receiver(call);
}

// A process serves the system's own callbacks whatever it has announced.
Node::Impl::Pick Node::Impl::pick_process(rpc::OutgoingCall& call) {
  const std::string& process = call.spec.receiver;
  const auto at = directory.find_process(process);
  const bool tried = at && std::find(call.tried.begin(), call.tried.end(), at->member) != call.tried.end();
  if (at && !at->suspended && !at->draining && !tried) return {Route{at->member, call.spec.system}, false, {}};
  if ((at && at->suspended) || (tried && call.bounced)) return {{}, true, {}};
  if (directory.is_expected_process(process, clock().now())) return {{}, true, {}};
  return nobody_left(call, !at, [&] {
    return at ? is_stopping(process)
              : base::fail(ErrorCode::unknown_process, "Seems process '" + process + "' is not running.");
  });
}

// The call is to be parked, and to be looked at again when the directory changes.
void Node::Impl::begin_wait(rpc::OutgoingCall& call, Pick& choice) {
  call.waited = true;
  if (choice.failure) call.refusal = std::move(choice.failure);
}

// Nobody can take it now. `gone`: the directory knows none who might; `otherwise` says what to tell who did not wait.
Node::Impl::Pick Node::Impl::nobody_left(const rpc::OutgoingCall& call, bool gone,
                                         const std::function<base::Failure()>& otherwise) const {
  const bool patient = !call.patience || *call.patience > clock().now();
  // Whom it waits for may have been replaced by one of the same name that has not registered everything yet.
  if (call.waited && call.patience && patient) return {{}, true, {}};
  base::Failure why = call.refusal ? *call.refusal : call.waited && gone ? patience_ended(call) : otherwise();
  // Who stops is often about to be replaced, by one that this process may not have heard of yet. Only to itself a
  // process has no successor while it lives.
  const bool awaits_successor = why.code == ErrorCode::draining && call.spec.receiver != options.process_name;
  return {{}, awaits_successor && patient, std::move(why)};
}

Node::Impl::Pick Node::Impl::pick_receiver(rpc::OutgoingCall& call) {
  const detail::CallSpec& spec = call.spec;
  const auto holder = directory.find_at(spec.receiver, spec.name);
  const bool tried = holder && std::find(call.tried.begin(), call.tried.end(), holder->member) != call.tried.end();
  if (holder && !holder->suspended && !holder->draining && !tried && holder->callback_id != 0) {
    return checked(call, *holder);
  }
  const bool own_unannounced = holder && holder->callback_id == 0;
  if (own_unannounced || (holder && holder->suspended) || (tried && call.bounced)) return {{}, true, {}};
  if (directory.is_expected_process(spec.receiver, clock().now())) return {{}, true, {}};
  return nobody_left(call, !holder, [&] {
    if (holder && holder->draining) return is_stopping(spec.receiver);
    if (!holder && directory.is_closed(spec.name)) return session::may_not_call(spec.name);
    return base::fail(ErrorCode::unknown_receiver, directory.unknown_receiver_text(spec.receiver, spec.name));
  });
}

// Most calls of a thread go to the callback that its last one went to: what the directory said is kept until the
// directory changes.
const std::vector<Holder>& Node::Impl::holders_of(const std::string& callback) const {
  return kept_of(callback).holders;
}

Node::Impl::Kept& Node::Impl::kept_of(const std::string& callback) const {
  Kept& kept = base::PerThread<Kept>::mine();
  // Read first: a change that comes meanwhile makes what is kept look old, never new.
  const std::uint64_t version = directory.version();
  if (kept.node != serial || kept.version != version || kept.callback != callback) {
    kept.node = 0;
    kept.fits = Kept::kNothing;
    directory.find(callback, kept.holders);
    kept.callback = callback;
    kept.version = version;
    kept.node = serial;
  }
  return kept;
}

Node::Impl::Pick Node::Impl::pick_any(rpc::OutgoingCall& call) {
  const detail::CallSpec& spec = call.spec;
  Kept& kept = kept_of(spec.name);
  const std::vector<Holder>& holders = kept.holders;
  // As the last one was, to the only one who can take it: nothing is to be chosen, or to be checked again.
  const bool plain = spec.keywords.empty() && call.tried.empty() && !spec.wants_stream && !spec.system_at_holder;
  if (plain && kept.fits == spec.positional) return {Route{holders[0].member, holders[0].callback_id}, false, {}};
  const auto mode = spec.balance == detail::Balance::unset ? options.balance : spec.balance;
  const auto chosen = balancer.choose(holders, spec, mode, call.tried, *this);
  if (!chosen) return nobody_to_pick(call, holders);
  Pick choice = checked(call, holders[*chosen]);
  if (plain && holders.size() == 1 && choice.route) kept.fits = spec.positional;
  return choice;
}

Node::Impl::Pick Node::Impl::nobody_to_pick(const rpc::OutgoingCall& call, const std::vector<Holder>& holders) const {
  const detail::CallSpec& spec = call.spec;
  const bool suspended = std::any_of(holders.begin(), holders.end(), [](const Holder& h) { return h.suspended; });
  if (suspended || (call.bounced && !holders.empty())) return {{}, true, {}};
  if (holders.empty() && directory.is_expected(spec.name, clock().now())) return {{}, true, {}};
  return nobody_left(call, holders.empty(), [&] {
    if (holders.empty() && directory.is_closed(spec.name)) return session::may_not_call(spec.name);
    return holders.empty()
               ? base::fail(ErrorCode::unknown_callback, directory.unknown_callback_text(spec.name))
               : base::fail(ErrorCode::draining, "every process that holds '" + spec.name + "' is stopping");
  });
}

}  // namespace daffi::node
