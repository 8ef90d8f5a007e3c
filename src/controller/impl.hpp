/// @file  The inside of a Controller: sessions, members, directory and switch, as its .cpp files share them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/log_quota.hpp"
#include "controller/controller.hpp"
#include "controller/directory.hpp"
#include "controller/member_table.hpp"
#include "controller/session.hpp"
#include "net/endpoint.hpp"

namespace daffi::controller {

/// Strand: the loop's thread.
struct Controller::Impl final : SessionHost, net::Deferred {
  Impl(net::Loop& loop, Options options, Events events);
  ~Impl();

  // Connections (controller.cpp).
  void adopt(std::unique_ptr<net::Stream> stream);
  void stop(base::Duration limit, std::function<void()> done);
  void run_deferred() override;
  void on_dead(Session& session) override;
  void on_drained(Session& session) override;
  void bury();
  void note_end(const Session& session);
  /// Why there is no room for one more connection from there; nothing: there is.
  std::optional<std::string> no_room(const std::string& host) const;
  /// One address takes no more than half of the places of those who have yet to say who they are.
  std::size_t handshaking_per_address() const { return (options.max_handshaking + 1) / 2; }
  void refuse(net::Stream& stream, base::CloseReason reason, const std::string& why);
  void no_newcomer(Session& session);
  void forget(Session& session);
  void finish_stop();

  // Who gets in (admission.cpp).
  void on_handshaken(Session& session) override;
  void admit(Session& session, std::uint32_t silent_holder);
  void admit_observer(Session& session);
  void admit_member(Session& session);
  void resume(Session& session, Member& member);
  void claim(Session& session, Member& holder, std::uint32_t silent_holder);
  void take_over(Session& session, Member& holder);
  void refuse_name(Session& session, const Member& holder);
  void welcome(Session& session, Member& member);
  /// A holder of a wanted name has answered.
  void holder_answered(Session& holder, std::uint64_t ping);
  /// A holder of a wanted name came back or is gone: decides anew about those who wait for it.
  void reconsider(std::uint32_t holder);

  // What members say and what becomes of them (membership.cpp).
  void on_frame(Session& session, const wire::Frame& frame) override;
  void on_bad_bytes(Session& session, const base::Failure& failure) override;
  bool may_ask(Session& session, std::uint64_t cost);
  void on_waiting_frame(Session& session, const wire::Frame& frame);
  void on_close(Session& session, const wire::Frame& frame);
  void on_register(Session& session, const wire::Frame& frame);
  void on_describe(Session& session, const wire::Frame& frame);
  /// Closes a member's connection for what it did.
  void expel(Session& session, base::CloseReason reason, const std::string& text);
  void connection_lost(Member& member, base::CloseReason reason, const std::string& why);
  void member_left(Member& member, base::CloseReason reason, const std::string& why);
  /// Takes the connection from a member that lives on in another one, or not at all.
  void cut_off(Member& member, base::CloseReason reason, const std::string& text);

  // The directory's way to the members (membership.cpp).
  void directory_changed();
  void send_changes();
  void catch_up(Session& session);
  void send_snapshot(Session& session);

  // The switch (switch.cpp).
  void forward(Session& from, const wire::Frame& frame);
  void forward_bulk(Session& from, Session& target, base::Bytes frame);
  void undeliverable(Session& from, const wire::Frame& frame, ErrorCode code, std::string_view text);
  void bounce(Session& caller, const wire::Header& call, std::uint32_t callee, ErrorCode code, std::string_view text,
              const base::Slice& payload);
  /// Tells the target all that it must know before it sees a frame of the source.
  void introduce(Session& target, const Member& source);
  /// Whether the target's callback is open to the member of `from`.
  static bool may_call(const Session& from, const Member& target, std::uint32_t callback_id);
  void not_permitted(Session& from, Member& target, const wire::Frame& frame);
  static Viewer viewer(const Member& member) { return {member.entry.identity, member.id(), !member.closed.empty()}; }
  /// Whether the target takes one more call; it has been introduced.
  bool has_room(const Session& target, const Member& source) const;
  /// Appends, large bytes without a copy.
  void queue(Session& target, const base::Block& owner, base::Bytes bytes);
  /// Sends the calls that a connection never delivered back to their callers.
  void bounce_unsent(Session& session, std::uint32_t callee);

  void note_join();
  void tidy_memory();

  // One call to many (broadcast.cpp).
  void broadcast(Session& from, const wire::Frame& frame);
  std::vector<Directory::Holder> broadcast_targets(const Session& from, std::string_view callback) const;
  void send_to_holder(Session& from, const Directory::Holder& holder, const wire::Header& header,
                      const wire::Broadcast& call);

  wire::Header header(wire::FrameKind kind, std::uint64_t id = 0) const {
    return {.kind = kind, .epoch = epoch, .id = id};
  }
  template <typename M>
  void send(Session& session, const M& message, std::uint64_t id = 0) {
    wire::append_message(session.out(), header(M::kKind, id), message);
    session.touch();
  }

  net::Loop& loop;
  const Options options;
  const Events events;
  const std::uint32_t epoch;
  session::AdmissionRules rules;
  const SessionLimits limits;
  Stats counters;

  Directory directory;
  MemberTable members;
  WarmSet warm_set;
  std::unordered_map<Session*, std::unique_ptr<Session>> sessions;
  /// Connections from one address. Value.
  struct FromThere {
    std::size_t connections = 0, handshaking = 0;
  };
  std::unordered_map<std::string, FromThere> from_there;  ///< by address without port; not of this host's UNIX sockets
  base::LogQuota refusals;
  std::vector<Session*> waiting;  ///< for a name that another holds
  std::uint64_t last_claim_ping = 0;
  std::vector<Session*> dead;  ///< to be buried at the end of the round
  std::vector<std::unique_ptr<net::Listener>> listeners;

  net::Timer delta_timer;
  base::SteadyTime changes_sent_at{};
  bool changes_due = false;  ///< at the end of the round

  std::size_t joined_since_tidy = 0;
  base::SteadyTime joined_at{};
  net::Timer tidy_timer;

  bool stopping = false;
  std::function<void()> stopped;
  net::Timer stop_timer;
};

/// A peer's text for a log line: control characters are shown, not obeyed.
std::string printable(std::string_view text);

}  // namespace daffi::controller
