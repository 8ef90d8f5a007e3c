/// @file  Controller: connections come, and go one by one or all together.
#include "controller/controller.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.hpp"
#include "base/random.hpp"
#include "controller/impl.hpp"
#include "net/socket_address.hpp"

namespace daffi::controller {

using base::CloseReason;

namespace {

std::uint32_t random_epoch() {
  for (;;) {
    if (const auto epoch = static_cast<std::uint32_t>(base::random_u64()); epoch != 0) return epoch;
  }
}

Options checked(Options options) {
  options.max_callbacks_per_member = std::min(options.max_callbacks_per_member, wire::kMaxCallbacks);
  options.max_members = std::min(options.max_members, wire::kMaxMembers);
  return options;
}

SessionLimits limits_of(const Options& options, std::uint32_t epoch) {
  return {.epoch = epoch,
          .heartbeat = options.heartbeat,
          .handshake_timeout = options.handshake_timeout,
          .slow_consumer_limit = options.slow_consumer_limit,
          .max_queued_bytes = options.max_unread_bytes_per_member};
}

}  // namespace

std::string printable(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      shown += c;
    } else {
      shown += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return shown;
}

Controller::Impl::Impl(net::Loop& the_loop, Options the_options, Events the_events)
    : loop(the_loop),
      options(checked(std::move(the_options))),
      events(std::move(the_events)),
      epoch(random_epoch()),
      rules{.secrets = options.secrets,
            .require_proof = options.require_proof,
            .max_callbacks = options.max_callbacks_per_member},
      limits(limits_of(options, epoch)),
      directory(epoch, options.max_callbacks_per_member),
      members(options.max_members),
      delta_timer(loop),
      changes_sent_at(loop.clock().now() - options.delta_delay),
      tidy_timer(loop),
      stop_timer(loop) {}

Controller::Impl::~Impl() {
  loop.undefer(*this);
  listeners.clear();
}

void Controller::Impl::adopt(std::unique_ptr<net::Stream> stream) {
  if (stopping) return refuse(*stream, CloseReason::controller_stopped, "the controller is stopping");
  std::string host = net::host_of(stream->peer());
  if (const auto why = no_room(host)) return refuse(*stream, CloseReason::too_many, *why);
  auto session = std::make_unique<Session>(loop, std::move(stream), *this, rules, limits, warm_set);
  Session& started = *session;
  sessions.emplace(&started, std::move(session));
  ++counters.handshaking;
  if (!host.empty()) {
    FromThere& there = from_there[host];
    ++there.connections;
    ++there.handshaking;
    started.host = std::move(host);
  }
  started.start();
}

std::optional<std::string> Controller::Impl::no_room(const std::string& host) const {
  if (sessions.size() >= options.max_connections) {
    return "there are " + std::to_string(sessions.size()) + " connections (max_connections)";
  }
  if (counters.handshaking >= options.max_handshaking) {
    return std::to_string(counters.handshaking) + " connections have yet to say who they are";
  }
  const auto there = from_there.find(host);
  if (there == from_there.end()) return std::nullopt;
  if (there->second.connections >= options.max_connections_per_address) {
    return "there are " + std::to_string(there->second.connections) +
           " connections from its address (max_connections_per_address)";
  }
  if (there->second.handshaking >= handshaking_per_address()) {
    return std::to_string(there->second.handshaking) + " connections from its address have yet to say who they are";
  }
  return std::nullopt;
}

void Controller::Impl::refuse(net::Stream& stream, CloseReason reason, const std::string& why) {
  ++counters.refused_sessions;
  if (reason != CloseReason::controller_stopped && refusals.take(loop.clock().now())) {
    base::log(LogLevel::warning, "controller",
              "connection from " + stream.peer().address + " refused: " + why + refusals.left_out());
  }
  wire::OutQueue out;
  wire::append_message(out, {}, wire::Close{reason, std::string(base::close_reason_row(reason).summary)});
  std::array<iovec, 4> pieces;
  stream.write({pieces.data(), out.gather(pieces)});
}

// It has been admitted, or is gone.
void Controller::Impl::no_newcomer(Session& session) {
  if (!std::exchange(session.newcomer, false)) return;
  --counters.handshaking;
  if (const auto there = from_there.find(session.host); there != from_there.end()) --there->second.handshaking;
}

void Controller::Impl::forget(Session& session) {
  no_newcomer(session);
  const auto there = from_there.find(session.host);
  if (there != from_there.end() && --there->second.connections == 0) from_there.erase(there);
  sessions.erase(&session);
}

void Controller::Impl::on_dead(Session& session) {
  dead.push_back(&session);
  loop.defer(*this);
}

void Controller::Impl::on_drained(Session& session) {
  session.snapshot_queued = false;
  if (session.wants_snapshot && session.alive()) send_snapshot(session);
}

void Controller::Impl::run_deferred() {
  bury();
  if (changes_due) send_changes();
  if (stopping) finish_stop();
}

void Controller::Impl::bury() {
  while (!dead.empty()) {
    const std::vector<Session*> round = std::exchange(dead, {});
    for (Session* session : round) {
      std::erase(waiting, session);
      note_end(*session);
      if (session->member == nullptr) continue;
      // What was queued for it goes back before anybody hears of the loss.
      bounce_unsent(*session, session->member->id());
      connection_lost(*session->member, session->reason(), session->why());
    }
    for (Session* session : round) forget(*session);
  }
}

// Counts why a connection ended, and says so where nothing else will: for one that never became a member.
void Controller::Impl::note_end(const Session& session) {
  const CloseReason reason = session.reason();
  if (reason == CloseReason::protocol_error) ++counters.bad_frames;
  if (reason == CloseReason::slow_consumer) ++counters.slow_consumers;
  if (!session.newcomer || reason == CloseReason::controller_stopped) return;
  const bool left = reason == CloseReason::peer_closed || reason == CloseReason::goodbye;
  if (!left) ++counters.refused_sessions;
  if (!left && !refusals.take(loop.clock().now())) return;
  base::log(left ? LogLevel::debug : LogLevel::warning, "controller",
            "connection from " + session.peer().address + " ended before it was a node's: " + printable(session.why()) +
                (left ? std::string() : refusals.left_out()));
}

void Controller::Impl::stop(base::Duration limit, std::function<void()> done) {
  if (stopping) return;
  stopping = true;
  stopped = std::move(done);
  listeners.clear();
  delta_timer.cancel();
  changes_due = false;
  for (const auto& [key, session] : sessions) session->close(CloseReason::controller_stopped, "the controller stopped");
  stop_timer.after(limit, [this] {
    for (const auto& [key, session] : sessions) session->die(CloseReason::controller_stopped, {});
    loop.defer(*this);
  });
  loop.defer(*this);
}

void Controller::Impl::finish_stop() {
  if (!sessions.empty() || !stopped) return;
  stop_timer.cancel();
  loop.post(std::exchange(stopped, nullptr));
}

Controller::Controller(net::Loop& loop, Options options, Events events)
    : impl_(std::make_unique<Impl>(loop, std::move(options), std::move(events))) {}

Controller::~Controller() = default;

base::Result<net::Endpoint> Controller::listen(const net::Endpoint& endpoint,
                                               std::shared_ptr<const net::TlsContext> tls) {
  const bool has_tls = tls != nullptr;
  auto listener = net::listen(impl_->loop, endpoint,
                              {.tls = std::move(tls),
                               .max_handshaking = impl_->options.max_handshaking,
                               .max_handshaking_per_address = impl_->handshaking_per_address()},
                              [this](std::unique_ptr<net::Stream> stream) { impl_->adopt(std::move(stream)); });
  if (!listener) return std::move(listener).failure();
  if (has_tls) impl_->rules.tls_only = impl_->rules.require_proof = true;
  const net::Endpoint bound = (*listener)->endpoint();
  impl_->listeners.push_back(std::move(listener).value());
  return bound;
}

void Controller::adopt(std::unique_ptr<net::Stream> stream) { impl_->adopt(std::move(stream)); }

void Controller::stop(base::Duration limit, std::function<void()> done) { impl_->stop(limit, std::move(done)); }

Stats Controller::stats() const {
  Stats stats = impl_->counters;
  stats.members = impl_->directory.size();
  impl_->members.for_each([&](const Member& member) { stats.suspended += member.suspended() ? 1 : 0; });
  return stats;
}

std::map<std::string, std::vector<std::string>> Controller::registered_callbacks() const {
  std::map<std::string, std::vector<std::string>> names;
  impl_->members.for_each([&](const Member& member) {
    if (member.observer || member.suspended()) return;
    auto& own = names[member.entry.process_name];
    for (const auto& callback : member.entry.callbacks) own.push_back(callback.name);
  });
  return names;
}

}  // namespace daffi::controller
