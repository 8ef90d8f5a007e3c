/// @file  Who gets in, under which name, and what becomes of the one who had it.
#include <algorithm>
#include <utility>

#include "base/free_memory.hpp"
#include "base/log.hpp"
#include "controller/impl.hpp"
#include "session/proof.hpp"

namespace daffi::controller {

using base::CloseReason;

namespace {

// So many have joined since memory was tidied last that it is worth while again, once nobody has for that long.
constexpr std::size_t kCrowd = 256;
constexpr base::Duration kCalm = std::chrono::seconds(2);

std::uint32_t to_milliseconds(base::Duration span) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(span).count(), 0, 0xFFFFFFFE));
}

}  // namespace

void Controller::Impl::on_handshaken(Session& session) { admit(session, 0); }

// `silent_holder`: the member that did not answer a ping on this newcomer's account; 0: none was pinged.
void Controller::Impl::admit(Session& session, std::uint32_t silent_holder) {
  const wire::Hello& hello = session.handshake().hello();
  const wire::Identity& identity = session.handshake().identity();
  if (stopping) return session.close(CloseReason::controller_stopped, "the controller is stopping");
  if (session.handshake().observer()) return admit_observer(session);

  if (Member* same = directory.find_instance(hello.instance_token)) {
    const bool known = same->entry.identity.kind == wire::Identity::Kind::none ||
                       session::same_verified(same->entry.identity, identity);
    if (!known || same->entry.process_name != hello.process_name) {
      return session.close(CloseReason::not_permitted, "another process has this instance token");
    }
    return resume(session, *same);
  }
  if (Member* holder = directory.find_name(hello.process_name)) return claim(session, *holder, silent_holder);
  admit_member(session);
}

void Controller::Impl::claim(Session& session, Member& holder, std::uint32_t silent_holder) {
  const bool same = session::same_verified(holder.entry.identity, session.handshake().identity());
  const bool silent = holder.suspended() || silent_holder == holder.id();
  if (silent && same) return take_over(session, holder);
  if (silent && !holder.suspended()) return refuse_name(session, holder);

  session.claimed_from = holder.id();
  waiting.push_back(&session);
  if (holder.suspended()) return;  // until it comes back or its grace ends
  session.claimed_at = loop.clock().now();
  session.claim_ping = ++last_claim_ping;
  holder.session->out().append_frame(header(wire::FrameKind::ping, session.claim_ping), base::Bytes());
  holder.session->touch();
  session.claim_timer = std::make_unique<net::Timer>(loop);
  session.claim_timer->after(options.name_ping_timeout, [this, &session] {
    std::erase(waiting, &session);
    Member* asked = members.find(session.claimed_from);
    const bool answered =
        asked != nullptr && asked->session != nullptr && asked->session->heard_at() > session.claimed_at;
    if (answered) return refuse_name(session, *asked);
    admit(session, session.claimed_from);
  });
}

// An answer to an earlier ping, a heartbeat's for example, says nothing about now.
void Controller::Impl::holder_answered(Session& holder, std::uint64_t ping) {
  const std::uint32_t id = holder.member->id();
  std::vector<Session*> refused;
  for (Session* session : waiting) {
    if (session->claimed_from == id && session->claim_timer && session->claim_ping <= ping) refused.push_back(session);
  }
  for (Session* session : refused) {
    std::erase(waiting, session);
    refuse_name(*session, *holder.member);
  }
}

void Controller::Impl::reconsider(std::uint32_t holder) {
  std::vector<Session*> again;
  for (Session* session : waiting) {
    if (session->claimed_from == holder) again.push_back(session);
  }
  for (Session* session : again) {
    std::erase(waiting, session);
    session->claim_timer.reset();
    if (session->state() == Session::State::waiting) admit(*session, 0);
  }
}

void Controller::Impl::refuse_name(Session& session, const Member& holder) {
  std::string text =
      "process name '" + holder.entry.process_name + "' is taken by a live " + holder.entry.language + " process";
  if (holder.session != nullptr) text += " at " + holder.session->peer().address;
  session.close(CloseReason::name_taken, text);
}

void Controller::Impl::take_over(Session& session, Member& holder) {
  const std::string why = "another " + session.handshake().hello().language + " process at " + session.peer().address +
                          ", of the same identity, took it over while this one was silent";
  cut_off(holder, CloseReason::name_taken, "process name '" + holder.entry.process_name + "' is taken: " + why);
  // The newcomer first, so that nobody who waits for the same name comes in between.
  const std::uint32_t old = holder.id();
  {
    std::vector<Session*> held = std::exchange(waiting, {});
    member_left(holder, CloseReason::name_taken, why);
    waiting = std::move(held);
  }
  admit_member(session);
  reconsider(old);
}

// The same process in a new connection. Its calls in the old one have ended, so it is lost first and back then.
void Controller::Impl::resume(Session& session, Member& member) {
  const wire::Register callbacks = std::move(session.handshake().registrations());
  if (!member.suspended()) {
    cut_off(member, CloseReason::superseded, "the same process has connected again");
    directory.suspend(member);
  }
  member.grace.cancel();
  member.partial = {};
  member.partial_size = 0;
  Member empty(loop);
  if (auto fits = directory.check(empty, callbacks); !fits) {
    session.close(CloseReason::too_many, fits.failure().message);
    return member_left(member, CloseReason::too_many, fits.failure().message);
  }
  member.entry.identity = session.handshake().identity();
  member.entry.language = session.handshake().hello().language;
  directory.resume(member, callbacks);
  base::log(LogLevel::info, "controller",
            "node '" + printable(member.entry.process_name) + "' is back from " + session.peer().address);
  welcome(session, member);
  reconsider(member.id());
}

void Controller::Impl::admit_member(Session& session) {
  session::ServerHandshake& handshake = session.handshake();
  auto fresh = std::make_unique<Member>(loop, options.cancel_rate, options.control_rate);
  if (auto fits = directory.check(*fresh, handshake.registrations()); !fits) {
    return session.close(CloseReason::too_many, fits.failure().message);
  }
  fresh->entry.identity = handshake.identity();
  fresh->entry.process_name = handshake.hello().process_name;
  fresh->entry.language = handshake.hello().language;
  fresh->instance = handshake.hello().instance_token;
  Member* member = members.add(std::move(fresh));
  if (member == nullptr) return session.close(CloseReason::too_many, "this controller has as many members as it may");
  directory.join(*member, std::move(handshake.registrations()));
  base::log(LogLevel::info, "controller",
            "node '" + printable(member->entry.process_name) + "' connected from " + session.peer().address);
  welcome(session, *member);
  note_join();
  if (events.member_joined) events.member_joined(member->entry.process_name);
}

// A crowd that joins leaves the heap full of holes: directories that were made for each newcomer, among what stays.
void Controller::Impl::note_join() {
  joined_at = loop.clock().now();
  if (++joined_since_tidy >= kCrowd && !tidy_timer.pending()) tidy_timer.after(kCalm, [this] { tidy_memory(); });
}

void Controller::Impl::tidy_memory() {
  if (loop.clock().now() - joined_at < kCalm) return tidy_timer.after(kCalm, [this] { tidy_memory(); });
  joined_since_tidy = 0;
  base::return_free_memory();
}

void Controller::Impl::admit_observer(Session& session) {
  auto fresh = std::make_unique<Member>(loop, options.cancel_rate, options.control_rate);
  fresh->observer = true;
  fresh->entry.identity = session.handshake().identity();
  fresh->entry.process_name = session.handshake().hello().process_name;
  fresh->entry.language = session.handshake().hello().language;
  Member* member = members.add(std::move(fresh));
  if (member == nullptr) return session.close(CloseReason::too_many, "this controller has as many members as it may");
  directory.join_observer(*member);
  welcome(session, *member);
}

// The welcome and a snapshot that shows the newcomer itself go out together.
void Controller::Impl::welcome(Session& session, Member& member) {
  const wire::Welcome message{.member_id = member.id(),
                              .epoch = epoch,
                              .features = 0,
                              .max_frame_payload = wire::kMaxFramePayload,
                              .heartbeat_ms = to_milliseconds(options.heartbeat),
                              .grace_ms = to_milliseconds(options.grace),
                              .controller_name = options.name,
                              .identity = member.entry.identity};
  member.session = &session;
  session.member = &member;
  session.admit();
  no_newcomer(session);
  wire::append_message(session.out(), header(wire::FrameKind::welcome), message);
  directory.log().close();
  for (const base::Slice& frame : directory.snapshot(viewer(member))) session.out().append(frame);
  session.directory_sent = directory.log().closed();
  session.snapshot_queued = true;
  ++counters.snapshots_sent;
  session.touch();
  directory_changed();
}

}  // namespace daffi::controller
