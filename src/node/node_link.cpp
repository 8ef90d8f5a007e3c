/// @file  Node, its connection: becoming a member, losing the controller, coming back. All on the loop's thread.
#include "base/log.hpp"
#include "node/node_impl.hpp"
#include "node/registration.hpp"
#include "wire/messages.hpp"

namespace daffi::node {
namespace {

// Bytes that may wait for the socket before senders do.
constexpr std::size_t kMaxQueued = 8u << 20;
// A controller that is away is mentioned after this, once.
constexpr auto kAwayLog = std::chrono::seconds(1);

}  // namespace

wire::Register Node::Impl::registrations() {
  wire::Register all;
  announced.clear();
  if (draining.load()) all.flags |= wire::Register::kDraining;
  for (const auto& entry : server->callbacks().all()) {
    all.added.push_back(to_registration(*entry, options.language));
    announced.insert(entry->id);
  }
  auto frames = to_frames(std::move(all));
  // The proof carries the first frame's worth; the rest follows as soon as the node is a member.
  for (std::size_t i = 1; i < frames.size(); ++i) {
    for (const auto& registration : frames[i].added) announced.erase(registration.callback_id);
  }
  frames[0].flags &= static_cast<std::uint8_t>(~wire::Register::kMore);
  return std::move(frames[0]);
}

void Node::Impl::on_established(std::unique_ptr<net::Stream> stream, std::unique_ptr<wire::FrameReader> reader,
                                const session::ClientHandshake& handshake) {
  const wire::Welcome& welcome = handshake.welcome();
  if (epoch.exchange(welcome.epoch) != welcome.epoch) values.in.forget_memory();
  own_id.store(welcome.member_id);
  trust.store(session::trust_in(handshake.controller()));
  directory.set_own(welcome.member_id, welcome.epoch);
  // Memory cannot be seen from another host, and what TLS is for ought to stay in it.
  const net::PeerInfo& peer = stream->peer();
  values.share_memory(peer.same_host && !peer.tls && peer.transport != net::PeerInfo::Transport::memory);
  connecting = std::make_shared<session::Channel>(std::move(stream), std::move(reader), shared_from_this(), kMaxQueued);
  answering.store(connecting);
  heartbeat.emplace(options.heartbeat, clock().now());
  heard_bytes = 0;
  const auto attached = engine->attach(connecting);
  if (!attached.ok()) return connecting->end(base::CloseReason::io_error, attached.failure().message);
  // What was registered or taken back since the proof was written.
  wire::Register changes;
  for (const auto& entry : server->callbacks().all()) {
    if (announced.erase(entry->id) == 0) changes.added.push_back(to_registration(*entry, options.language));
  }
  changes.removed.assign(announced.begin(), announced.end());
  if (draining.load()) changes.flags |= wire::Register::kDraining;
  if (!changes.added.empty() || !changes.removed.empty() || changes.flags != 0) announce(std::move(changes));
  check_heartbeat();
}

void Node::Impl::became_ready(const std::shared_ptr<session::Channel>& ready) {
  if (stopping.load() || ready->ended()) return;
  away_timer.cancel();
  channel.store(ready);
  // Registered while the directory was on its way: announce() did not see a connection yet.
  if (ever_ready) {
    reconnects.fetch_add(1);
    base::log(LogLevel::info, "node", options.process_name + " is connected to " + link->target() + " again");
  } else {
    base::log(LogLevel::debug, "node", options.process_name + " is connected to " + link->target());
  }
  ever_ready = true;
  away = false;
  engine->finish(up);
  {
    base::Lock lock(events_mutex);
    told_connected = true;
  }
  if (events.connected) post_event(events.connected);
  run_due_waits();
  retry_parked(true);
}

void Node::Impl::on_attempt_failed(const base::Failure& failure, bool final) {
  if (final) return give_up(failure);
  if (!ever_ready) {
    base::Lock lock(start_mutex);
    last_attempt = failure.message;
  }
  if (std::exchange(away, true)) return;
  away_timer.after(kAwayLog, [this, why = failure.message] {
    base::log(LogLevel::info, "node", options.process_name + " is waiting for a controller: " + why);
  });
}

// Trying again is of no use.
void Node::Impl::give_up(const base::Failure& failure) {
  link->stop();
  away_timer.cancel();
  {
    base::Lock lock(start_mutex);
    give_up_reason = failure;
    if (ever_ready) give_up_reason->message = "'" + options.process_name + "' cannot come back: " + failure.message;
  }
  given_up.store(true);
  if (ever_ready)
    base::log(LogLevel::error, "node", "'" + options.process_name + "' cannot come back: " + failure.message);
  engine->finish(up);
  run_due_waits();
  retry_parked(false);
}

void Node::Impl::lost(const session::Channel* ended, base::CloseReason reason, const std::string& text) {
  if (!connecting || connecting.get() != ended) return;
  engine->detach();
  channel.store(nullptr);
  answering.store(nullptr);
  const auto keep = std::exchange(connecting, nullptr);
  keep->end(reason, text);
  // What is still being read of it is dropped with the rest, and not left behind.
  keep->await_reader();
  heartbeat_timer.cancel();
  forget_all_cut_off();
  const auto now = clock().now();
  directory.lost_controller(now, options.grace);
  (void)directory.take_losses();
  {
    base::Lock lock(lost_mutex);
    lost_with_calls.clear();
  }
  // First: whoever sees its call ended finds nothing of it left.
  server->all_callers_lost(false);
  // A controller that has been told goodbye may close before we do.
  for (rpc::OutgoingCall* call : calls.take_all()) {
    const auto loss = stopping.load() ? ended_by_stop(*call)
                                      : base::fail(ErrorCode::lost_controller, "Lost connection to Controller.");
    // What has come of a broadcast is kept; those who have not answered cannot any more.
    if (call->gathering != nullptr && !call->gathering->entries().empty()) {
      finish_broadcast(*call, loss);
    } else {
      fail(*call, loss);
    }
  }
  const std::string why = std::string(base::to_string(reason)) + (text.empty() ? "" : ": " + text);
  if (!stopping.load()) {
    base::log(LogLevel::warning, "node", options.process_name + " lost its controller (" + why + ")");
  }
  bool tell = false;
  {
    base::Lock lock(events_mutex);
    tell = std::exchange(told_connected, false);
  }
  if (tell && events.disconnected && !stopping.load()) post_event([this, why] { events.disconnected(why); });
  if (stopping.load()) return;
  if (!base::close_reason_row(reason).rejoin) {
    const auto code = reason == base::CloseReason::name_taken ? ErrorCode::name_taken : ErrorCode::refused;
    return give_up(base::fail(code, text.empty() ? std::string(base::to_string(reason)) : text));
  }
  away = true;
  away_timer.after(kAwayLog, [this] {
    base::log(LogLevel::info, "node", options.process_name + " is waiting for " + link->target());
  });
  link->restart();
  retry_parked(true);
}

void Node::Impl::check_heartbeat() {
  if (!connecting) return;
  const auto now = clock().now();
  if (const auto bytes = connecting->bytes_received(); bytes != heard_bytes) {
    heard_bytes = bytes;
    heartbeat->heard(now);
  }
  auto verdict = session::Heartbeat::Verdict::wait;
  if (heartbeat->next_check() <= now) {
    verdict = heartbeat->check(now);
    if (verdict != session::Heartbeat::Verdict::wait) {
      // Before a peer is blamed: perhaps it is our own threads that have not read for long.
      const auto own = connecting;
      while (own->pump()) {
      }
      if (!connecting) return;
      if (connecting->bytes_received() != heard_bytes) {
        heard_bytes = connecting->bytes_received();
        heartbeat->heard(now);
        verdict = session::Heartbeat::Verdict::wait;
      }
    }
  }
  if (verdict == session::Heartbeat::Verdict::lost) {
    return connecting->end(
        base::CloseReason::heartbeat_lost,
        "nothing was heard for " + std::to_string(options.heartbeat / std::chrono::milliseconds(1)) + " ms");
  }
  if (verdict == session::Heartbeat::Verdict::ping) send_control(wire::FrameKind::ping, 0, kHeartbeatPing);
  heartbeat_timer.at(std::max(heartbeat->next_check(), now + std::chrono::milliseconds(1)),
                     [this] { check_heartbeat(); });
}

}  // namespace daffi::node
