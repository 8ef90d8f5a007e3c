/// @file  Node, broadcasts: one call to all who hold a callback, and the end of it once all have answered.
#include <algorithm>

#include "base/log.hpp"
#include "daffi/broadcast.hpp"
#include "node/node_impl.hpp"
#include "wire/messages.hpp"

namespace daffi::node {
namespace {

using State = rpc::Gathering::Entry::State;

// One that takes the arguments is enough: of the others each answers with its own error.
std::optional<base::Failure> mistake_for_all(const rpc::OutgoingCall& call, const std::vector<const Holder*>& holders) {
  const detail::CallSpec& spec = call.spec;
  std::optional<base::Failure> first;
  for (const Holder* holder : holders) {
    if (!holder->signature) return {};
    const auto mistake = check_arguments(spec.name, *holder->signature, spec.positional, spec.keywords);
    if (!mistake) return {};
    if (first) continue;
    first = base::fail(ErrorCode::wrong_arguments,
                       argument_error_text(*mistake, spec.name, *holder->signature, given_arguments(call)));
  }
  return first;
}

}  // namespace

// Everybody is as good as nobody in particular: the route names no one.
Node::Impl::Pick Node::Impl::pick_every(const rpc::OutgoingCall& call) const {
  const detail::CallSpec& spec = call.spec;
  const std::vector<Holder>& holders = holders_of(spec.name);
  std::vector<const Holder*> present;
  for (const Holder& holder : holders) {
    if (!holder.suspended && !holder.draining) present.push_back(&holder);
  }
  if (present.empty()) return nobody_to_pick(call, holders);
  for (const Holder* holder : present) {
    if (!holder->signature || !holder->signature->stream) continue;
    return {{},
            false,
            base::fail(ErrorCode::invalid_modifier, "'" + spec.name +
                                                        "' gives a stream, and streams cannot be broadcast: call one "
                                                        "process after the other, each as receiver")};
  }
  if (auto mistake = mistake_for_all(call, present)) return {{}, false, std::move(mistake)};
  return {Route{}, false, {}};
}

// False: the connection broke under it, and the call is back in the caller's hands.
bool Node::Impl::place_broadcast(rpc::OutgoingCall& call, std::span<const std::byte> frame) {
  const auto link_now = channel.load();
  if (!link_now) return false;
  call.target = rpc::OutgoingCall::kMany;
  call.gathering = std::make_unique<rpc::Gathering>(options.max_message_size);
  // What is read of the call is read before it is in the table: from then on it may end at any moment.
  const bool no_reply = !call.spec.return_result;
  const wire::CallHead head{0, remaining_ms(call.deadline, clock().now()), no_reply ? wire::CallHead::kNoReply : 0, 0};
  const auto name = wire::encode_broadcast_head(call.spec.name);
  const base::Deadline deadline = call.deadline;
  const std::uint64_t id = enter(call);
  if (id == 0) return true;
  const auto arguments = frame.subspan(wire::kHeaderSize + wire::kCallHeadSize);
  std::vector<std::byte> whole(wire::kHeaderSize);
  whole.reserve(wire::kHeaderSize + name.size() + wire::kCallHeadSize + arguments.size());
  whole.insert(whole.end(), name.begin(), name.end());
  whole.resize(whole.size() + wire::kCallHeadSize);
  wire::encode_call_head(head, std::span(whole).last<wire::kCallHeadSize>());
  whole.insert(whole.end(), arguments.begin(), arguments.end());
  const wire::Header header{static_cast<std::uint32_t>(whole.size() - wire::kHeaderSize),
                            wire::FrameKind::broadcast,
                            0,
                            0,
                            epoch.load(std::memory_order_relaxed),
                            wire::kControllerMember,
                            id};
  wire::encode_header(header, std::span(whole).first<wire::kHeaderSize>());
  calls_sent.fetch_add(1, std::memory_order_relaxed);
  if (link_now->send(whole, session::Urgency::now, may_wait(), deadline)) return true;
  return take_unsent(id, deadline) == nullptr;
}

// Under the read role: the names are known now, because the controller has introduced those whom it names.
rpc::OutgoingCall* Node::Impl::on_sent_to(const wire::Header& header, const wire::SentTo& sent_to) {
  std::vector<std::pair<std::uint32_t, std::string>> members;
  members.reserve(sent_to.members.size());
  for (const std::uint32_t member : sent_to.members) members.emplace_back(member, directory.name_of(member));
  const auto part = calls.expect(header.id, std::move(members));
  // Given up before it was known who is to be told so.
  if (!part.known) cancel_at(header.id, sent_to.members);
  return part.call;
}

// Those of whom nothing is listened to will not answer: broadcasts that wait for nobody else are at their end.
std::vector<rpc::OutgoingCall*> Node::Impl::without_cut_off(const wire::SentTo& sent_to) {
  std::vector<rpc::OutgoingCall*> complete;
  for (const std::uint32_t member : sent_to.members) {
    if (!is_cut_off(member)) continue;
    const auto ended = calls.take_completed_without(member);
    complete.insert(complete.end(), ended.begin(), ended.end());
  }
  return complete;
}

void Node::Impl::cancel_at(std::uint64_t id, const std::vector<std::uint32_t>& members) {
  for (const std::uint32_t member : members) send_control(wire::FrameKind::cancel, member, id);
}

// What stands in an entry, as the caller is to see it.
detail::Gathered Node::Impl::to_gathered(const detail::CallSpec& spec, rpc::Gathering::Entry& entry,
                                         const std::optional<base::Failure>& loss) const {
  detail::Gathered part{entry.process, {}, nullptr};
  base::Failure failure;
  if (entry.state == State::too_large) {
    failure = base::fail(ErrorCode::result_too_large, "process '" + entry.process + "' answered '" + spec.name +
                                                          "' when what the others had answered filled the limit");
  } else if (entry.state != State::answered) {
    failure = loss
                  ? *loss
                  : base::fail(ErrorCode::remote_stopped, "Remote process " + entry.process + " stopped unexpectedly.");
  } else if (entry.kind == wire::FrameKind::result) {
    part.result = std::move(entry.payload);
    return part;
  } else if (entry.kind == wire::FrameKind::error) {
    failure = reported(spec, entry.process, entry.payload);
  } else {
    const auto back = wire::decode_returned(entry.payload);
    failure = back.ok() ? not_run(spec, entry.process, *back) : back.failure();
  }
  part.error = base::to_exception(std::move(failure));
  return part;
}

// All have answered, or `loss` says why the rest never will.
void Node::Impl::finish_broadcast(rpc::OutgoingCall& call, const std::optional<base::Failure>& loss) {
  auto& entries = call.gathering->entries();
  if (entries.empty()) {
    call.sent = false;
    auto choice = pick(call);
    return fail(call, choice.failure ? std::move(*choice.failure)
                                     : base::fail(ErrorCode::remote_stopped_not_run,
                                                  "No process that holds '" + call.spec.name + "' could be reached."));
  }
  for (auto& entry : entries) call.reply.gathered.push_back(to_gathered(call.spec, entry, loss));
  if (!call.spec.return_result) note_refusals(call);
  call.settle(*engine);
}

// Nobody looks at the entries of a call that wanted no result; what went wrong is one line in the log.
void Node::Impl::note_refusals(rpc::OutgoingCall& call) {
  std::size_t count = 0;
  std::string first;
  for (const auto& part : call.reply.gathered) {
    if (part.error && count++ == 0) first = detail::error_in(part.error).message();
  }
  if (count == 0) return;
  call.failure =
      base::fail(ErrorCode::no_candidate, std::to_string(count) + " of " + std::to_string(call.reply.gathered.size()) +
                                              " processes did not take it; the first: " + first);
}

// The call is given up: whoever has not answered is told, and what has come is kept for the caller.
void Node::Impl::abandon_broadcast(rpc::OutgoingCall& call, base::Failure failure) {
  std::vector<std::uint32_t> waiting;
  if (call.sent && call.gathering != nullptr) {
    for (auto& entry : call.gathering->entries()) {
      if (entry.state == State::waiting) {
        waiting.push_back(entry.member);
      } else {
        call.reply.gathered.push_back(to_gathered(call.spec, entry, {}));
      }
    }
    cancel_at(call.id.load(), waiting);
    forget_results(call.id.load(), waiting);
  }
  fail(call, std::move(failure));
}

std::exception_ptr to_exception(base::Failure failure, const detail::CallSpec& spec,
                                const std::vector<detail::Gathered>& arrived) {
  const bool late = failure.code == ErrorCode::timeout || failure.code == ErrorCode::wait_timeout;
  if (!spec.broadcast || !late) return base::to_exception(std::move(failure));
  return std::make_exception_ptr(BroadcastTimeout(Error(failure.code, std::move(failure.message)), spec.name, arrived));
}

}  // namespace daffi::node
