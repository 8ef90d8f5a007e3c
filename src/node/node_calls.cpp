/// @file  Node, calls to others: sending one, sending it again, waiting for its end.
#include <algorithm>
#include <cmath>

#include "base/log.hpp"
#include "base/recycled.hpp"
#include "node/node_impl.hpp"
#include "rpc/incoming_items.hpp"
#include "rpc/interrupt.hpp"
#include "wire/limits.hpp"

namespace daffi::node {
namespace {

// Calls in the background that follow each other more closely than this are written together.
constexpr auto kBurst = std::chrono::microseconds(20);
// With so many calls under way one more has company for certain.
constexpr std::size_t kManyCalls = 16;

using CallMemory = base::RecycledAllocator<AsyncCall, 64>;

base::Failure no_controller_failure() { return base::fail(ErrorCode::no_controller, "Lost connection to Controller."); }

std::uint32_t head_flags(const detail::CallSpec& spec) {
  return (spec.return_result ? 0 : wire::CallHead::kNoReply) | (spec.wants_stream ? wire::CallHead::kWantsStream : 0) |
         (spec.takes_items ? wire::CallHead::kTakesItems : 0);
}

// All who could have taken it are stopping.
bool awaits_successor(const rpc::OutgoingCall& call) {
  return call.refusal && call.refusal->code == ErrorCode::draining;
}

}  // namespace

base::Failure stopped_failure() {
  return base::fail(ErrorCode::stopped, "Global can no longer accept remote calls because it was stopped");
}

base::Failure ended_by_stop(const rpc::OutgoingCall& call) {
  return base::fail(call.sent ? ErrorCode::cancelled : ErrorCode::stopped, "Global was stopped before the result came");
}

std::uint32_t remaining_ms(base::Deadline deadline, base::SteadyTime now) {
  if (deadline.is_never()) return wire::CallHead::kNoLimit;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.left(now)).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, wire::CallHead::kNoLimit - 1));
}

base::Failure Node::Impl::timed_out(const rpc::OutgoingCall& call) const {
  if (call.sent) return base::fail(ErrorCode::timeout, "Function " + call.spec.name + " result timed out");
  const std::string why = !channel.load()          ? "there is no controller"
                          : awaits_successor(call) ? call.refusal->message
                                                   : "nobody could take it";
  return base::fail(ErrorCode::wait_timeout,
                    "Function " + call.spec.name + " result timed out: it was not sent, " + why);
}

base::Failure Node::Impl::patience_ended(const rpc::OutgoingCall& call) const {
  if (!channel.load()) return no_controller_failure();
  if (awaits_successor(call)) return *call.refusal;
  if (!call.spec.receiver.empty()) {
    return base::fail(ErrorCode::remote_stopped_not_run,
                      "Remote process " + call.spec.receiver + " stopped unexpectedly.");
  }
  return base::fail(ErrorCode::remote_stopped_not_run,
                    "The processes that hold '" + call.spec.name + "' stopped unexpectedly.");
}

std::optional<base::Failure> Node::Impl::over() const {
  if (stopping.load()) return stopped_failure();
  if (!given_up.load()) return std::nullopt;
  base::Lock lock(start_mutex);
  return give_up_reason;
}

// What can be refused before anything is looked up; else the end of the caller's patience.
base::Result<base::Deadline> Node::Impl::admit(const detail::CallSpec& spec, const Writer& arguments) const {
  if (is_over()) [[unlikely]]
    return *over();
  if (spec.code) {
    if (auto no = forbidden(spec)) return std::move(*no);
  }
  // A broadcast is one frame: what is announced in chunks cannot be fanned out.
  const std::size_t one_frame = wire::kMaxCallPayload - wire::kCallHeadSize;
  const std::size_t limit = spec.broadcast ? std::min(one_frame, options.max_message_size) : options.max_message_size;
  if (arguments.size() > limit) {
    return base::fail(ErrorCode::too_large, "the arguments of '" + spec.name + "' have " +
                                                std::to_string(arguments.size()) + " bytes, the limit is " +
                                                std::to_string(limit) +
                                                (limit == options.max_message_size ? " (max_message_size)" : ""));
  }
  const auto timeout = spec.timeout > base::Duration::zero() ? spec.timeout : options.default_timeout;
  if (timeout <= base::Duration::zero()) return base::Deadline::never();
  return base::Deadline::in(clock(), spec.eta + timeout);
}

base::Result<void> Node::Impl::call(const detail::CallSpec& spec, Writer& arguments, detail::Reply& reply) {
  if (!spec.return_result) return fire(spec, arguments);
  const auto deadline = admit(spec, arguments);
  if (!deadline.ok()) return deadline.failure();
  BlockingCall call(spec);
  call.deadline = *deadline;
  call.reply.reads_body = reply.reads_body;
  launch(call, arguments, false);
  while (!engine->wait(call, call.deadline)) {
    // Out of time, unless the answer is just being delivered.
    if (take_back(call)) {
      abandon(call,
              rpc::WaitInterrupt::happened()
                  ? base::fail(ErrorCode::cancelled, "Function " + call.spec.name + " was interrupted by a signal")
                  : timed_out(call));
      break;
    }
    engine->wait(call, base::Deadline::in(clock(), std::chrono::milliseconds(1)));
  }
  if (call.lender) reclaim(call);
  reply = std::move(call.reply);
  if (call.failure) return std::move(*call.failure);
  return {};
}

void Node::Impl::cancel(AsyncCall& call) {
  call.unwanted.store(true);
  if (!take_back(call)) return;
  abandon(call, base::fail(ErrorCode::cancelled, "Function " + call.spec.name + " was cancelled"));
}

base::Result<std::shared_ptr<detail::PendingCall>> Node::Impl::start_call(detail::SharedSpec spec, Writer& arguments) {
  if (!spec->return_result) {
    auto fired = fire(*spec, arguments);
    if (!fired.ok()) return fired.failure();
    return std::shared_ptr<detail::PendingCall>();
  }
  const auto deadline = admit(*spec, arguments);
  if (!deadline.ok()) return deadline.failure();
  (void)arguments.payload();  // nobody waits for the call's end here, so what is lent is copied
  auto call = std::allocate_shared<AsyncCall>(CallMemory(), std::move(spec), async_support);
  call->deadline = *deadline;
  call->hold(call);
  launch(*call, arguments, true);
  // Refused on the spot: its maker is told, not whoever asks for the result.
  if (call->ready() && call->failure && !call->sent) return *call->failure;
  return std::shared_ptr<detail::PendingCall>(std::move(call));
}

base::Result<void> Node::Impl::fire(const detail::CallSpec& spec, Writer& arguments) {
  const auto deadline = admit(spec, arguments);
  if (!deadline.ok()) return deadline.failure();
  if (!channel.load()) {
    const auto until = base::Deadline::earlier(*deadline, base::Deadline::in(clock(), options.connect_wait));
    auto connected = wait_for([this] { return channel.load() != nullptr; }, "a controller", until);
    if (auto why = over()) return std::move(*why);
    if (!connected.ok()) return no_controller_failure();
  }
  if (spec.eta <= base::Duration::zero()) {
    // Asked once for the caller's sake: what cannot be placed at all is its error, not a line in a log.
    BlockingCall probe(spec);
    probe.shown = arguments.payload();
    auto choice = pick(probe);
    if (choice.failure && !choice.wait) return std::move(*choice.failure);
  }
  {
    base::Lock lock(fires_mutex);
    if (fires >= options.max_pending_calls) {
      return base::fail(ErrorCode::busy, "too many calls without a result are under way");
    }
    ++fires;
  }
  (void)arguments.payload();  // as in start_call()
  auto* call = new FireCall(spec, [self = shared_from_this()] {
    base::Lock lock(self->fires_mutex);
    if (--self->fires == 0 && self->fires_done != nullptr)
      self->engine->finish(*std::exchange(self->fires_done, nullptr));
  });
  call->deadline = *deadline;
  launch(*call, arguments, true);
  return {};
}

// Sends a new call, or lets it wait for its eta. It may be over, and gone, when this returns.
void Node::Impl::launch(rpc::OutgoingCall& call, Writer& arguments, bool corked) {
  Announcement announcement;
  const auto frame = frame_of(call, arguments, announcement);
  if (call.spec.eta > base::Duration::zero()) return park(call, frame, clock().now() + call.spec.eta);
  place(call, frame, corked);
}

// Sends the call to somebody, or parks it, or ends it. It may be over, and gone, when this returns.
void Node::Impl::place(rpc::OutgoingCall& call, std::span<std::byte> frame, bool corked) {
  if (any_cut.load(std::memory_order_relaxed)) avoid_cut_off(call);
  for (;;) {
    if (is_over()) [[unlikely]]
      return fail(call, *over());
    // It may end in our hands. That the loop's thread will let go of it is nothing to wait for: this may be that
    // thread.
    const auto over = live_channel();
    if (!over) return park(call, frame, {});
    if (!call.chunked) call.shown = frame.subspan(detail::kCallHeadroom);
    Pick choice = pick(call);
    call.shown = {};
    if (choice.wait) {
      begin_wait(call, choice);
      return park(call, frame, {});
    }
    if (choice.failure) return fail(call, std::move(*choice.failure));
    if (call.spec.broadcast ? place_broadcast(call, frame) : place_now(call, frame, *choice.route, corked, *over))
      return;
  }
}

// Into the table, where the timer looks for its deadline. 0: it was not taken, and has failed. Else it may end at any
// moment from here on: only what was read of it before is used.
std::uint64_t Node::Impl::enter(rpc::OutgoingCall& call) {
  const base::Deadline deadline = call.waits_itself ? base::Deadline::never() : call.deadline;
  call.sent = true;
  if (!calls.add(call)) {
    call.sent = false;
    fail(call, not_taken(call));
    return 0;
  }
  const std::uint64_t id = call.id.load();
  if (!deadline.is_never()) schedule(deadline.at);
  return id;
}

// The connection has not taken its frame. nullptr: it has ended, by whoever noticed the loss, or because there was no
// room in time.
rpc::OutgoingCall* Node::Impl::take_unsent(std::uint64_t id, base::Deadline deadline) {
  rpc::OutgoingCall* call = calls.take(id);
  if (call == nullptr) return nullptr;
  call->sent = false;
  if (!deadline.passed(clock().now())) return call;
  fail(*call, timed_out(*call));
  return nullptr;
}

// Why the table did not take it.
base::Failure Node::Impl::not_taken(const rpc::OutgoingCall& call) const {
  if (auto why = over()) return std::move(*why);
  if (call.unwanted.load()) {
    return base::fail(ErrorCode::cancelled, "Function " + call.spec.name + " was cancelled");
  }
  return base::fail(ErrorCode::busy, "too many calls are pending (" + std::to_string(options.max_pending_calls) + ")");
}

// A call by itself leaves at once. One of many waits for those that follow it, until the thread that makes them waits
// for an answer, or for a moment: a system call for each would cost more than all the rest.
session::Urgency Node::Impl::urgency_of_async(base::SteadyTime now) {
  if (calls.size() >= kManyCalls) return session::Urgency::corked;
  if (now == base::SteadyTime()) now = clock().now();
  const auto before = last_async_send.exchange(now.time_since_epoch().count(), std::memory_order_relaxed);
  const bool burst = now.time_since_epoch().count() - before < base::Duration(kBurst).count();
  return burst ? session::Urgency::corked : session::Urgency::now;
}

// False: the connection broke under it, and the call is back in the caller's hands.
bool Node::Impl::place_now(rpc::OutgoingCall& call, std::span<std::byte> frame, const Route& route, bool corked,
                           session::Channel& over) {
  call.target = route.member;
  const bool chunked = call.chunked;
  const std::uint32_t flags = head_flags(call.spec);
  const base::Deadline deadline = call.deadline;
  // What fits into one window has left at once, long before its callee may refuse the call: it is kept.
  const bool keeps = call.large.size <= wire::kInitialChunkCredit;
  rpc::LargeValue large = keeps ? call.large : std::exchange(call.large, {});
  const std::uint64_t id = enter(call);
  if (id == 0) return true;
  const base::SteadyTime now = deadline.is_never() ? base::SteadyTime() : clock().now();
  wire::Header header{static_cast<std::uint32_t>(frame.size() - wire::kHeaderSize),
                      wire::FrameKind::call,
                      chunked ? wire::kChunked : std::uint8_t{0},
                      0,
                      epoch.load(std::memory_order_relaxed),
                      route.member,
                      id};
  wire::CallHead head{route.callback_id, remaining_ms(deadline, now), flags, 0};
  wire::encode_header(header, frame.first<wire::kHeaderSize>());
  wire::encode_call_head(head, frame.subspan<wire::kHeaderSize, wire::kCallHeadSize>());
  calls_sent.fetch_add(1, std::memory_order_relaxed);
  const rpc::TransferKey key{route.member, id, false};
  if (chunked) {
    wire::encode_total(large.size, frame.last<wire::kTotalSize>());
    values.out.add(key, std::move(large));
  }
  const session::Urgency urgency = corked ? urgency_of_async(now) : session::Urgency::now;
  if (over.send(frame, urgency, may_wait(), deadline)) {
    if (urgency == session::Urgency::corked) engine->flush_soon();
    if (chunked) start_transfer(key, header.epoch);
    return true;
  }
  large = chunked ? values.out.abort(key) : rpc::LargeValue();
  rpc::OutgoingCall* back = take_unsent(id, deadline);
  if (back == nullptr) return true;
  if (!large.empty()) back->large = std::move(large);
  return false;
}

void Node::Impl::fail(rpc::OutgoingCall& call, base::Failure failure) {
  call.failure = std::move(failure);
  call.settle(*engine);
}

// True: the call is the caller's again, neither parked nor in the table.
bool Node::Impl::take_back(rpc::OutgoingCall& call) { return calls.take(call.id.load()) == &call || unpark(call); }

// Ends a call that was taken back, and tells its callee, if it has one.
void Node::Impl::abandon(rpc::OutgoingCall& call, base::Failure failure) {
  if (call.spec.broadcast) return abandon_broadcast(call, std::move(failure));
  if (call.sent) {
    send_control(wire::FrameKind::cancel, call.target, call.id.load());
    forget_transfers(call);
  }
  fail(call, std::move(failure));
}

base::Failure Node::Impl::not_run(const detail::CallSpec& spec, const std::string& who,
                                  const wire::Returned& back) const {
  return base::fail(back.code, "process '" + who + "' did not run '" + spec.name + "': " + back.text);
}

// A frame that reached nobody (bounce), or was not run (refuse): another holder takes it, if there is one.
void Node::Impl::returned(rpc::OutgoingCall& call, const wire::Frame& frame) {
  auto back = wire::decode_returned(frame.payload);
  if (!back.ok()) return fail(call, back.failure());
  if (call.gathering != nullptr) return fail(call, not_run(call.spec, "?", *back));  // the controller refused it whole
  call.sent = false;
  call.tried.push_back(call.target);
  call.bounced = frame.header.kind == wire::FrameKind::bounce && back->code != ErrorCode::busy &&
                 back->code != ErrorCode::draining;
  // One that is only busy stays: no successor of the others is waited for then.
  const bool others_busy = call.refusal && call.refusal->code == ErrorCode::busy;
  if (back->code != ErrorCode::draining || !others_busy)
    call.refusal = not_run(call.spec, directory.name_of(call.target), *back);
  if (back->code == ErrorCode::not_permitted || back->code == ErrorCode::too_large) return fail(call, *call.refusal);
  // A stream cannot begin anew where it was not begun alone, or once it has begun.
  const auto items = call.incoming();
  if (call.spec.takes_items || (items && items->begun())) return fail(call, *call.refusal);
  if (call.chunked) {
    // With the last chunk the arguments were let go of.
    if (call.large.empty()) return fail(call, *call.refusal);
    resent.fetch_add(1, std::memory_order_relaxed);
    Announcement announcement;
    return place(call, announcement, false);
  }
  resent.fetch_add(1, std::memory_order_relaxed);
  std::vector<std::byte> again(wire::kHeaderSize);
  again.insert(again.end(), back->call.begin(), back->call.end());
  place(call, again, false);
}

}  // namespace daffi::node
