/// @file  Node, what comes in: every frame, first under the read role, then behind it.
#include "base/log.hpp"
#include "base/per_thread.hpp"
#include "node/node_impl.hpp"
#include "rpc/task_work.hpp"
#include "wire/messages.hpp"

namespace daffi::node {
namespace {

// What this thread has read and not yet acted upon. A thread reads one connection at a time.
struct Batch {
  struct Late {
    rpc::OutgoingCall* call;
    wire::Header header;
    std::vector<std::byte> payload;
  };
  std::vector<rpc::CallTable::Answered> results;
  std::vector<base::Bytes> replies;          ///< of `results`, valid until on_frames_end()
  std::vector<rpc::OutgoingCall*> done;      ///< the reply is in them
  std::vector<rpc::OutgoingCall*> gathered;  ///< broadcasts that all have answered
  std::vector<Late> late;                    ///< errors and returns: rare, so they are looked at behind the role
  std::vector<std::uint64_t> pings, pongs;
  std::vector<Late> others;  ///< close, described
  std::vector<std::pair<rpc::OutgoingCall*, base::Failure>> failed;
  std::vector<rpc::TransferKey> unwanted;  ///< exchanges that their callee may forget
  bool transfers = false;                  ///< chunks or credit have come
  bool directory = false;
  std::vector<rpc::CallTable::Answered> lost;  ///< calls sent to members that are lost
  bool resync = false;
  int acting = 0;  ///< how deep in after_read() it is
  std::optional<base::Failure> broken;
  base::CloseReason broken_how = base::CloseReason::protocol_error;
};
Batch& batch() { return base::PerThread<Batch>::mine(); }

// In after_read().
struct Acting {
  Acting() { ++batch().acting; }
  ~Acting() { --batch().acting; }
  Acting(const Acting&) = delete;
  Acting& operator=(const Acting&) = delete;
};

// The callback has run, so no refusal of the value may say otherwise.
base::Failure result_failure(base::Failure failure) {
  if (failure.code != ErrorCode::protocol) failure.code = ErrorCode::result_too_large;
  failure.message = "the result cannot be taken: " + failure.message;
  return failure;
}

}  // namespace

rpc::Caller Node::Impl::caller(std::uint32_t member) const {
  const auto stamp = directory.identity_of(member).value_or(wire::Identity{});
  return {member, directory.name_of(member), session::believed(stamp, trust.load()), member == own_id.load()};
}

void Node::Impl::on_frame(const wire::Frame& frame) {
  if (any_cut.load(std::memory_order_relaxed) && is_cut_off(frame.header.member)) [[unlikely]]
    return;
  switch (frame.header.kind) {
    case wire::FrameKind::result:
      if ((frame.header.flags & wire::kChunked) != 0) return on_announced_result(frame);
      values.out.note_small();
      batch().results.push_back({frame.header.id, frame.header.member, nullptr});
      batch().replies.push_back(frame.payload);
      return;
    case wire::FrameKind::error:
    case wire::FrameKind::refuse:
    case wire::FrameKind::bounce:
      return on_answer(frame);
    case wire::FrameKind::call:
      if ((frame.header.flags & wire::kChunked) == 0) values.out.note_small();
      if (!server->on_call(frame)) break_off(frame.header, "it sent a call without a proper head");
      return;
    case wire::FrameKind::cancel:
      if (!may_cancel(frame.header)) return;
      return server->on_cancel(frame);
    case wire::FrameKind::chunk:
      return on_chunk(frame);
    case wire::FrameKind::credit:
      return on_credit(frame);
    case wire::FrameKind::ping:
      if (!pings_budget.spend(clock().now())) {
        batch().broken = base::fail(ErrorCode::busy, "the controller pings more than it may");
        batch().broken_how = base::CloseReason::flood;
        return;
      }
      batch().pings.push_back(frame.header.id);
      return;
    case wire::FrameKind::pong:
      batch().pongs.push_back(frame.header.id);
      return;
    case wire::FrameKind::snapshot:
    case wire::FrameKind::delta:
      return on_directory(frame);
    case wire::FrameKind::sent_to: {
      const auto sent_to = wire::decode<wire::SentTo>(frame.payload);
      if (!sent_to.ok()) {
        batch().broken = sent_to.failure();
      } else if (auto* call = on_sent_to(frame.header, *sent_to)) {
        batch().gathered.push_back(call);
      } else if (any_cut.load()) {
        for (auto* complete : without_cut_off(*sent_to)) batch().gathered.push_back(complete);
      }
      return;
    }
    case wire::FrameKind::described:
    case wire::FrameKind::close:
      batch().others.push_back({nullptr, frame.header, {frame.payload.begin(), frame.payload.end()}});
      return;
    case wire::FrameKind::item:
    case wire::FrameKind::end:
      return on_stream_frame(frame);
    default:
      batch().broken = base::fail(
          ErrorCode::protocol, "a frame that only a node may send: " + std::string(wire::to_string(frame.header.kind)));
  }
}

// A controller keeps its members from more than half of this; who sends more has got past one, and is not listened to.
bool Node::Impl::may_cancel(const wire::Header& cancel) {
  constexpr session::Rate kRate{2 * session::kCancelRate.burst, 2 * session::kCancelRate.per_second};
  constexpr std::size_t kTidyFrom = 1024;
  const auto now = clock().now();
  if (cancel_budgets.size() > kTidyFrom) {
    std::erase_if(cancel_budgets, [&](const auto& each) {
      auto budget = each.second;
      return budget.rested(now);
    });
  }
  if (cancel_budgets.try_emplace(cancel.member, kRate, now).first->second.spend(now)) return true;
  break_off(cancel, "it cancels more calls than it may");
  return false;
}

// All results that were read together are taken out of the table in one go.
void Node::Impl::on_frames_end() {
  Batch& mine = batch();
  if (mine.results.empty()) return;
  calls.take(mine.results);
  for (std::size_t i = 0; i < mine.results.size(); ++i) {
    rpc::OutgoingCall* call = mine.results[i].call;
    if (call != nullptr) {
      if (call->chunked) (void)values.out.abort({call->target, mine.results[i].id, false});
      call->reply.assign(mine.replies[i]);
      call->reply.from = mine.results[i].member;
      mine.done.push_back(call);
    } else {
      on_part(mine.results[i].id, mine.results[i].member, wire::FrameKind::result, mine.replies[i]);
    }
  }
  mine.results.clear();
  mine.replies.clear();
}

// One of a broadcast's answers, or one that nobody waits for any more.
void Node::Impl::on_part(std::uint64_t id, std::uint32_t member, wire::FrameKind kind, base::Bytes payload) {
  const auto part = calls.take_part(id, member, kind, payload);
  if (kind == wire::FrameKind::bounce && part.known) bounced.fetch_add(1, std::memory_order_relaxed);
  if (part.call != nullptr) batch().gathered.push_back(part.call);
  if (!part.known) late_replies.fetch_add(1, std::memory_order_relaxed);
}

void Node::Impl::on_answer(const wire::Frame& frame) {
  const bool bounce = frame.header.kind == wire::FrameKind::bounce;
  // Only from the member it was sent to, or from the controller, that it never got there.
  rpc::OutgoingCall* call = bounce && frame.header.member == wire::kControllerMember
                                ? calls.take(frame.header.id)
                                : calls.take(frame.header.id, frame.header.member);
  if (call == nullptr) return on_part(frame.header.id, frame.header.member, frame.header.kind, frame.payload);
  // An answer ends what is still being sent for the call; a call that was not run can be sent again.
  if (call->chunked) {
    auto rest = values.out.abort({call->target, frame.header.id, false});
    if (!rest.empty()) call->large = std::move(rest);
  }
  if (bounce) bounced.fetch_add(1, std::memory_order_relaxed);
  batch().late.push_back({call, frame.header, {frame.payload.begin(), frame.payload.end()}});
}

void Node::Impl::on_directory(const wire::Frame& frame) {
  // A result that came before the news that its callee is gone counts.
  on_frames_end();
  const auto now = clock().now();
  const auto taken = [&]() -> base::Result<bool> {
    if (frame.header.kind == wire::FrameKind::snapshot) {
      auto part = wire::decode<wire::Snapshot>(frame.payload);
      if (!part.ok()) return part.failure();
      return directory.apply(*part, now);
    }
    auto delta = wire::decode<wire::Delta>(frame.payload);
    if (!delta.ok()) return delta.failure();
    return directory.apply(*delta, now);
  }();
  if (!taken.ok()) {
    batch().broken = taken.failure();
    return;
  }
  Batch& mine = batch();
  if (!*taken) mine.resync = true;
  mine.directory = true;
  note_losses(mine.lost, mine.gathered);
}

// A large result: its call stays in the table until the last chunk has come.
void Node::Impl::on_announced_result(const wire::Frame& frame) {
  const auto total = wire::decode_total(frame.payload);
  const rpc::TransferKey key{frame.header.member, frame.header.id, true};
  std::unique_ptr<rpc::Work> none;
  std::optional<base::Failure> failure;
  if (!total) {
    failure = base::fail(ErrorCode::protocol, "the announcement of a result cannot be read");
  } else if (calls.contains(key.id, key.member)) {
    const bool apart = calls.reads_body(key.id, key.member);
    const auto announced = values.in.announce(key, *total, base::Deadline::never(), none, apart);
    if (!announced.ok()) failure = announced.failure();
  }
  if (!failure && calls.contains(key.id, key.member)) return;
  // Its call has ended, perhaps just now, or cannot take it: the rest need not be sent.
  (void)values.in.drop(key, none);
  batch().unwanted.push_back(key);
  rpc::OutgoingCall* call = failure ? calls.take(key.id, key.member) : nullptr;
  if (!failure) return (void)late_replies.fetch_add(1, std::memory_order_relaxed);
  fail_result(key, call, result_failure(*std::move(failure)));
}

void Node::Impl::on_chunk(const wire::Frame& frame) {
  using What = rpc::InTransfers::Taken::What;
  const auto key = rpc::TransferKey::of_chunk(frame.header);
  batch().transfers = true;
  const auto bytes = locate(frame);
  if (!bytes) return break_off(frame.header, rpc::kNoPlace);
  auto taken = values.in.take(key, *bytes, (frame.header.flags & wire::kAsksCredit) != 0);
  if (taken.what == What::unknown || taken.what == What::more) return;
  if (taken.what == What::broken) break_off(frame.header, "it sent more than it had announced, or credit for");
  if (!key.from_callee) return server->on_large_arguments(std::move(taken));
  if (taken.what == What::broken) return;
  rpc::OutgoingCall* call = calls.take(key.id, key.member);
  if (taken.what == What::no_memory) {
    batch().unwanted.push_back(key);
    fail_result(key, call, result_failure(base::fail(ErrorCode::busy, "there is no memory for it")));
  } else if (call == nullptr) {
    on_part(key.id, key.member, wire::FrameKind::result, taken.value.bytes.bytes);
  } else {
    auto& [bytes, body] = taken.value;
    call->reply.adopt(std::move(bytes.owner), bytes.bytes.size(), std::move(body));
    batch().done.push_back(call);
  }
}

// A result that cannot be taken is its call's error, or one entry of a broadcast.
void Node::Impl::fail_result(const rpc::TransferKey& key, rpc::OutgoingCall* call, base::Failure failure) {
  if (call != nullptr) return batch().failed.emplace_back(call, std::move(failure)), void();
  on_part(key.id, key.member, wire::FrameKind::error, wire::encode_error(failure));
}

void Node::Impl::on_credit(const wire::Frame& frame) {
  if (on_stream_credit(frame)) return;
  const auto granted = rpc::decode_credit(frame.payload);
  if (!granted) {
    return break_off(frame.header, "it sent a credit frame that grants nothing");
  }
  batch().transfers = true;
  const auto key = rpc::TransferKey::of_credit(frame.header);
  switch (values.out.credit(key, *granted)) {
    case rpc::OutTransfers::Credited::taken:
      return;
    case rpc::OutTransfers::Credited::unknown:
      return values.out.late_credit(key.member, *granted);
    case rpc::OutTransfers::Credited::violation:
      return break_off(frame.header, "it granted credit for more than had come");
  }
}

// What the transfers of this round ask for, behind the read role.
void Node::Impl::after_transfers() {
  if (std::exchange(batch().transfers, false)) {
    send_grants();
    values.out.pump();
  }
  for (const auto& key : std::exchange(batch().unwanted, {})) {
    send_control(wire::FrameKind::cancel, key.member, key.id);
  }
  for (auto& [call, failure] : std::exchange(batch().failed, {})) fail(*call, std::move(failure));
}

// Neither the loop's thread nor one that acts upon what it has read waits until others have read: it may be the one
// that the writing waits for.
bool Node::Impl::may_wait() const { return !loop.in_loop_thread() && batch().acting == 0; }

void Node::Impl::after_read(session::Channel& from) {
  const Acting acting;
  if (!batch().done.empty()) {
    auto done = std::move(batch().done);
    for (rpc::OutgoingCall* call : done) call->settle(*engine);
    done.clear();
    batch().done = std::move(done);  // keeps its memory
  }
  after_transfers();
  server->after_read();
  after_read_streams();
  for (auto& late : std::exchange(batch().late, {})) {
    const wire::Frame frame{late.header, nullptr, late.payload};
    if (late.header.kind != wire::FrameKind::error) {
      returned(*late.call, frame);
      continue;
    }
    base::Failure failure = reported(late.call->spec, directory.name_of(late.header.member), late.payload);
    if (failure.code == ErrorCode::code_missing && late.call->spec.code && !late.call->code_sent) {
      send_code(*late.call);
    } else {
      fail(*late.call, std::move(failure));
    }
  }
  for (rpc::OutgoingCall* call : std::exchange(batch().gathered, {})) finish_broadcast(*call, {});
  for (const std::uint64_t id : std::exchange(batch().pings, {})) send_control(wire::FrameKind::pong, 0, id);
  for (const std::uint64_t id : std::exchange(batch().pongs, {})) end_lost_calls(id);
  if (std::exchange(batch().resync, false)) send_control(wire::FrameKind::resync, 0, 0);
  if (!batch().lost.empty()) ask_for_returned_calls(std::exchange(batch().lost, {}));
  if (std::exchange(batch().directory, false)) directory_changed();
  for (auto& other : std::exchange(batch().others, {})) {
    if (other.header.kind != wire::FrameKind::close) {
      on_described({other.header, nullptr, other.payload});
      continue;
    }
    const auto close = wire::decode<wire::Close>(other.payload);
    from.end(close.ok() ? close->reason : base::CloseReason::protocol_error,
             close.ok() ? close->text : "a close frame that cannot be read");
  }
  if (const auto broken = std::exchange(batch().broken, {})) {
    from.end(std::exchange(batch().broken_how, base::CloseReason::protocol_error), broken->message);
  }
}

// An error frame, as the caller is to see it.
base::Failure Node::Impl::reported(const detail::CallSpec& spec, const std::string& who, base::Bytes error) const {
  auto read = wire::decode_error(error);
  base::Failure failure = read.ok() ? std::move(read->failure) : read.failure();
  if (failure.remote) {
    RemoteException account = *failure.remote;
    account.process = who;
    failure.remote = std::make_shared<const RemoteException>(std::move(account));
  }
  // What the system itself says about a call needs nothing in front; what user code throws does, however it came to
  // run.
  if (failure.remote || spec.system == 0)
    failure.message =
        "Exception while processing function '" + spec.name + "' on remote executor [" + who + "]. " + failure.message;
  return failure;
}

void Node::Impl::on_end(std::shared_ptr<session::Channel> ended, base::CloseReason reason, const std::string& text) {
  loop.post(
      [self = shared_from_this(), ended = std::move(ended), reason, text] { self->lost(ended.get(), reason, text); });
}

void Node::Impl::send(base::Bytes frame, session::Urgency urgency) {
  if (const auto now = answering.load()) (void)now->send(frame, urgency, may_wait());
}

void Node::Impl::send_control(wire::FrameKind kind, std::uint32_t member, std::uint64_t id, base::Bytes payload) {
  std::vector<std::byte> frame(wire::kHeaderSize);
  const wire::Header header{static_cast<std::uint32_t>(payload.size()), kind, 0, 0, epoch.load(), member, id};
  wire::encode_header(header, std::span(frame).first<wire::kHeaderSize>());
  frame.insert(frame.end(), payload.begin(), payload.end());
  if (const auto to = answering.load()) (void)to->send(frame, session::Urgency::now, false);
}

}  // namespace daffi::node
