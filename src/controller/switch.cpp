/// @file  The switch: frames from member to member, and back when they reach no one.
#include <utility>

#include "base/log.hpp"
#include "controller/impl.hpp"
#include "session/permission.hpp"

namespace daffi::controller {

using wire::FrameKind;

namespace {

// A frame that is referred to keeps the whole block alive that it was received in. So a queue that does not move gets
// copies, lest it hold many times the bytes it is counted for.
constexpr std::size_t kReferUpTo = 1024 * 1024;
// Bulk frames are mostly as large as a good part of a block, so more of them may be referred to.
constexpr std::size_t kReferBulkFrom = 32 * 1024;
constexpr std::size_t kReferBulkUpTo = 16 * 1024 * 1024;

}  // namespace

// Small frames are copied next to each other in the target's queue; large ones stay where they were received.
void Controller::Impl::forward(Session& from, const wire::Frame& frame) {
  const wire::Header& header = frame.header;
  const bool is_call = header.kind == FrameKind::call;
  if (header.epoch != epoch) [[unlikely]] {
    return undeliverable(from, frame, ErrorCode::remote_stopped_not_run, "addressed to a member of another epoch");
  }
  Member* to = members.find(header.member);
  if (to == nullptr) [[unlikely]] {
    return undeliverable(from, frame, ErrorCode::remote_stopped_not_run, "that member has left");
  }
  if (to->session == nullptr || !to->session->alive()) [[unlikely]] {
    return undeliverable(from, frame, ErrorCode::remote_stopped_not_run, "that member has lost its connection");
  }
  if (is_call && !to->closed.empty()) [[unlikely]] {
    const auto head = wire::decode_call_head(frame.payload);
    if (head && !may_call(from, *to, head->callback_id)) return not_permitted(from, *to, frame);
  }
  Session& target = *to->session;
  introduce(target, *from.member);
  // Once a member sees itself draining, no call is on its way to it any more.
  if (is_call && to->entry.draining) [[unlikely]] {
    return undeliverable(from, frame, ErrorCode::draining, "that member is stopping");
  }
  if (is_call && !has_room(target, *from.member)) [[unlikely]] {
    return undeliverable(from, frame, ErrorCode::busy, "too much is queued for that member");
  }
  wire::patch_member(frame.raw, from.member->id());
  if (wire::is_bulk(header.kind)) return forward_bulk(from, target, frame.whole());
  queue(target, from.input_owner(), frame.whole());
  ++counters.frames_switched;
  counters.bytes_switched += frame.whole().size();
  target.touch();
}

bool Controller::Impl::may_call(const Session& from, const Member& target, std::uint32_t callback_id) {
  if (from.member == &target) return true;
  const auto closed = target.closed.find(callback_id);
  return closed == target.closed.end() || session::may_call(closed->second, from.member->entry.identity);
}

// Its directory does not show it, so it was told by somebody else, or guesses; logged once for each member.
void Controller::Impl::not_permitted(Session& from, Member& target, const wire::Frame& frame) {
  ++counters.not_permitted;
  if (!std::exchange(from.member->refusal_logged, true)) {
    base::log(LogLevel::warning, "controller",
              "node '" + printable(from.member->entry.process_name) + "' at " + from.peer().address +
                  " may not call a callback of '" + printable(target.entry.process_name) +
                  "' that it has called: refused, and not logged again");
  }
  undeliverable(from, frame, ErrorCode::not_permitted, "it is for callers of certain roles or certificates only");
}

// What waits for a slow member is bounded by the credit that it gave. So whoever has more waiting than all its
// exchanges could justify does not heed credit, and pays for that itself.
void Controller::Impl::forward_bulk(Session& from, Session& target, base::Bytes frame) {
  const std::uint32_t source = from.member->id();
  wire::SendQueue& queue = target.queue();
  if (queue.bulk_bytes_of(source) + frame.size() > options.max_bulk_bytes_per_pair) [[unlikely]] {
    return expel(from, base::CloseReason::protocol_error, "it sends more than it was given credit for");
  }
  if (frame.size() < kReferBulkFrom || queue.bulk_bytes() > kReferBulkUpTo) {
    queue.append_bulk(source, frame);
  } else {
    queue.append_bulk(source, {}, from.input_owner(), frame);
  }
  ++counters.frames_switched;
  counters.bytes_switched += frame.size();
  target.touch();
}

// A frame from M is never seen by who has not been told what M is by now.
void Controller::Impl::introduce(Session& target, const Member& source) {
  if (target.directory_sent >= source.changed) [[likely]]
    return;
  directory.log().close();
  catch_up(target);
}

bool Controller::Impl::has_room(const Session& target, const Member& source) const {
  return target.out().bytes() <= options.max_queued_bytes_per_member && target.directory_sent >= source.changed;
}

void Controller::Impl::queue(Session& target, const base::Block& owner, base::Bytes bytes) {
  if (bytes.size() < wire::OutQueue::kReferFrom || target.out().bytes() > kReferUpTo) {
    target.out().append(bytes);
  } else {
    target.out().append(base::Slice{owner, bytes});
  }
}

// Calls come back to their caller. Of the rest nobody waits for an answer.
void Controller::Impl::undeliverable(Session& from, const wire::Frame& frame, ErrorCode code, std::string_view text) {
  if (frame.header.kind != FrameKind::call) {
    ++counters.dropped_results;
    return;
  }
  bounce(from, frame.header, frame.header.member, code, text, {from.input_owner(), frame.payload});
}

void Controller::Impl::bounce(Session& caller, const wire::Header& call, std::uint32_t callee, ErrorCode code,
                              std::string_view text, const base::Slice& payload) {
  wire::Header answer = header(FrameKind::bounce, call.id);
  answer.member = callee;
  wire::append_returned(caller.out(), answer, code, text, payload);
  ++counters.bounced;
  caller.touch();
}

void Controller::Impl::bounce_unsent(Session& session, std::uint32_t callee) {
  for (UnsentFrame& call : session.take_unsent_calls()) {
    Member* caller = members.find(call.header.member);
    if (caller == nullptr || caller->session == nullptr || !caller->session->alive()) continue;
    bounce(*caller->session, call.header, callee, ErrorCode::remote_stopped_not_run,
           "that member lost its connection before the call was sent", call.payload);
  }
}

}  // namespace daffi::controller
