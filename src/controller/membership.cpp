/// @file  What members say to the controller, how they are lost, and how the directory reaches them.
#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "controller/impl.hpp"
#include "session/registration.hpp"

namespace daffi::controller {

using base::CloseReason;
using wire::FrameKind;

void Controller::Impl::on_frame(Session& session, const wire::Frame& frame) {
  if (session.state() == Session::State::waiting) return on_waiting_frame(session, frame);
  switch (frame.header.kind) {
    case FrameKind::call:
      if (frame.payload.size() > wire::kMaxCallPayload) {
        return expel(session, CloseReason::protocol_error, "a call is larger than a call may be");
      }
      return forward(session, frame);
    case FrameKind::cancel:
      if (!session.member->cancels.spend(session.heard_at())) {
        return expel(session, CloseReason::flood, "it cancels more calls than it may");
      }
      return forward(session, frame);
    case FrameKind::result:
    case FrameKind::error:
    case FrameKind::refuse:
    case FrameKind::item:
    case FrameKind::end:
    case FrameKind::chunk:
    case FrameKind::credit:
      return forward(session, frame);
    case FrameKind::broadcast:
      return broadcast(session, frame);
    case FrameKind::ping:
      if (!may_ask(session, 1)) return;
      session.out().append_frame(header(FrameKind::pong, frame.header.id), base::Bytes());
      return session.touch();
    case FrameKind::pong:
      if (!waiting.empty()) holder_answered(session, frame.header.id);
      return;
    case FrameKind::close:
      return on_close(session, frame);
    case FrameKind::register_:
      if (!may_ask(session, session::kCostly)) return;
      return on_register(session, frame);
    case FrameKind::describe:
      if (!may_ask(session, 1)) return;
      return on_describe(session, frame);
    case FrameKind::resync:
      if (!may_ask(session, session::kCostly)) return;
      return send_snapshot(session);
    default:
      expel(session, CloseReason::protocol_error,
            "a " + std::string(wire::to_string(frame.header.kind)) + " frame from a member");
  }
}

// False: it has asked for too much, and its connection ends.
bool Controller::Impl::may_ask(Session& session, std::uint64_t cost) {
  if (session.member->control.spend(session.heard_at(), cost)) return true;
  expel(session, CloseReason::flood, "it pings, asks or announces more than it may");
  return false;
}

void Controller::Impl::on_waiting_frame(Session& session, const wire::Frame& frame) {
  if (frame.header.kind == FrameKind::close) return session.die(CloseReason::goodbye, "it gave up waiting");
  session.close(CloseReason::protocol_error, "a frame before the welcome");
}

void Controller::Impl::on_bad_bytes(Session& session, const base::Failure& failure) {
  if (session.member != nullptr) return expel(session, CloseReason::protocol_error, failure.message);
  session.close(CloseReason::protocol_error, failure.message);
}

// The peer is told why if that can be done at once: else a call queued before the close frame would both come back to
// its caller and be delivered.
void Controller::Impl::expel(Session& session, CloseReason reason, const std::string& text) {
  session.flush();
  if (session.state() == Session::State::dead) return;
  if (!session.flushed()) return session.die(reason, text);
  Member& member = *std::exchange(session.member, nullptr);
  session.close(reason, text);
  connection_lost(member, reason, text);
}

void Controller::Impl::on_close(Session& session, const wire::Frame& frame) {
  const auto close = wire::decode<wire::Close>(frame.payload);
  if (!close) return session.die(CloseReason::protocol_error, close.failure().message);
  const base::CloseReasonRow& row = base::close_reason_row(close->reason);
  std::string why = close->text.empty() ? std::string(row.summary) : close->text;
  session.die(row.reason == CloseReason::local_stop ? CloseReason::goodbye : row.reason, std::move(why));
}

void Controller::Impl::on_register(Session& session, const wire::Frame& frame) {
  auto part = wire::decode<wire::Register>(frame.payload);
  if (!part) return expel(session, CloseReason::protocol_error, part.failure().message);
  Member& member = *session.member;
  wire::Register& news = member.partial;
  member.partial_size += frame.payload.size();
  news.flags = static_cast<std::uint8_t>(news.flags | part->flags);
  news.removed.insert(news.removed.end(), part->removed.begin(), part->removed.end());
  std::move(part->added.begin(), part->added.end(), std::back_inserter(news.added));
  if (member.partial_size > session::kMaxRegisteredSize + session::kMaxDocumentationSize) {
    return expel(session, CloseReason::too_many, "the callbacks' descriptions are too long");
  }
  if ((part->flags & wire::Register::kMore) != 0) return;
  const wire::Register whole = std::exchange(news, {});
  member.partial_size = 0;
  if (member.observer) return;
  if (auto fits = directory.check(member, whole); !fits) {
    const bool broken = fits.failure().code == ErrorCode::protocol;
    return expel(session, broken ? CloseReason::protocol_error : CloseReason::too_many, fits.failure().message);
  }
  directory.update(member, whole);
  directory_changed();
}

void Controller::Impl::on_describe(Session& session, const wire::Frame& frame) {
  const auto question = wire::decode<wire::Describe>(frame.payload);
  if (!question) return expel(session, CloseReason::protocol_error, question.failure().message);
  wire::Described answer;
  for (const auto& [member_id, callback_id] : question->items) {
    answer.items.push_back({member_id, callback_id, {}});
    const Member* member = members.find(member_id);
    if (member == nullptr || !may_call(session, *member, callback_id)) continue;
    const auto text = member->documentation.find(callback_id);
    if (text != member->documentation.end()) answer.items.back().doc = text->second;
  }
  send(session, answer, frame.header.id);
}

void Controller::Impl::connection_lost(Member& member, CloseReason reason, const std::string& why) {
  member.session = nullptr;
  member.partial = {};
  member.partial_size = 0;
  if (stopping) return;
  if (reason == CloseReason::goodbye || member.observer || options.grace <= base::Duration::zero()) {
    return member_left(member, reason, why);
  }
  directory.suspend(member);
  directory_changed();
  base::log(LogLevel::info, "controller",
            "node '" + printable(member.entry.process_name) + "' lost its connection: " + printable(why));
  member.grace.after(options.grace, [this, &member, reason, why] { member_left(member, reason, why); });
  reconsider(member.id());
}

// The member does not exist any more when this returns.
void Controller::Impl::member_left(Member& member, CloseReason reason, const std::string& why) {
  const std::unique_ptr<Member> gone = members.remove(member);
  gone->grace.cancel();
  directory.leave(*gone, reason);
  directory_changed();
  if (gone->observer) return;
  const std::string& name = gone->entry.process_name;
  base::log(LogLevel::info, "controller", "node '" + printable(name) + "' left: " + printable(why));
  if (events.member_left) events.member_left(name, why);
  reconsider(gone->id());
}

void Controller::Impl::cut_off(Member& member, CloseReason reason, const std::string& text) {
  Session* old = member.session;
  if (old == nullptr) return;
  old->flush();
  const bool stuck = !old->flushed();
  bounce_unsent(*old, member.id());
  member.session = nullptr;
  old->member = nullptr;
  if (stuck) return old->die(reason, text);
  old->close(reason, text);
}

// The first change after a pause goes out at the end of the round, later ones are gathered for a while.
void Controller::Impl::directory_changed() {
  if (changes_due || delta_timer.pending()) return;
  const base::SteadyTime next = changes_sent_at + options.delta_delay;
  if (next > loop.clock().now()) return delta_timer.at(next, [this] { send_changes(); });
  changes_due = true;
  loop.defer(*this);
}

// Written out one by one, so that ten thousand members do not need ten thousand buffers at a time.
void Controller::Impl::send_changes() {
  changes_due = false;
  delta_timer.cancel();
  changes_sent_at = loop.clock().now();
  directory.log().close();
  members.for_each([this](Member& member) {
    if (member.session == nullptr || !member.session->alive()) return;
    catch_up(*member.session);
    member.session->flush();
  });
  directory.log().forget(directory.log().closed());
}

void Controller::Impl::catch_up(Session& session) {
  if (session.wants_snapshot) return;
  if (session.out().bytes() > options.max_queued_bytes_per_member) {
    session.wants_snapshot = true;
    return;
  }
  const bool gapless =
      directory.log().frames_after(session.directory_sent, viewer(*session.member), [&](const base::Slice& frame) {
        session.out().append(frame);
        ++counters.deltas_sent;
      });
  if (!gapless) return send_snapshot(session);
  session.directory_sent = directory.log().closed();
}

// However often one asks, no more than one snapshot is queued for it.
void Controller::Impl::send_snapshot(Session& session) {
  session.wants_snapshot = session.snapshot_queued || session.out().bytes() > options.max_queued_bytes_per_member;
  if (session.wants_snapshot) return;
  session.snapshot_queued = true;
  directory.log().close();
  for (const base::Slice& frame : directory.snapshot(viewer(*session.member))) session.out().append(frame);
  session.directory_sent = directory.log().closed();
  ++counters.snapshots_sent;
  session.touch();
}

}  // namespace daffi::controller
