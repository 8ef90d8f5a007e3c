/// @file  Session: one connection as the controller sees it: bytes to frames, frames to bytes, and its clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/close_reason.hpp"
#include "controller/unsent.hpp"
#include "controller/warm_set.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "session/heartbeat.hpp"
#include "session/server_handshake.hpp"
#include "wire/parser.hpp"
#include "wire/send_queue.hpp"

namespace daffi::controller {

struct Member;
class Session;

/// Whom a session reports to. Strand: the loop's thread. Sessions must not be destroyed inside these.
class SessionHost {
 public:
  /// The handshake is complete: the node asks to be admitted.
  virtual void on_handshaken(Session& session) = 0;
  /// A frame of a member, or of one who waits to be admitted. Patching it in place is allowed.
  virtual void on_frame(Session& session, const wire::Frame& frame) = 0;
  /// The bytes are not what the protocol allows. Nothing more of them will be believed.
  virtual void on_bad_bytes(Session& session, const base::Failure& failure) = 0;
  /// What was queued, but for bulk, has been written.
  virtual void on_drained(Session& session) = 0;
  /// The session is dead: said once, and nothing is read or written from then on.
  virtual void on_dead(Session& session) = 0;

 protected:
  ~SessionHost() = default;
};

/// What all sessions of a controller share. Value.
struct SessionLimits {
  std::uint32_t epoch;
  base::Duration heartbeat;
  base::Duration handshake_timeout;
  base::Duration slow_consumer_limit;
  base::Duration linger = std::chrono::seconds(1);  ///< a close frame may take this long to be read
  std::size_t max_queued_bytes;                     ///< beyond it the session dies as a slow consumer at once
};

/// Strand: the loop's thread.
class Session final : public net::Watcher, public net::Deferred {
 public:
  enum class State : std::uint8_t {
    handshaking,
    waiting,  ///< the handshake is done, the decision about its name is not
    member,
    closing,  ///< a close frame is queued; input is thrown away
    dead
  };

  /// Refers to all but the stream.
  Session(net::Loop& loop, std::unique_ptr<net::Stream> stream, SessionHost& host, const session::AdmissionRules& rules,
          const SessionLimits& limits, WarmSet& warm_set);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Begins to read; may report at once that it is dead.
  void start();

  /// To append to; touch() afterwards. Bulk goes to queue().append_bulk().
  wire::OutQueue& out() { return queue_.urgent(); }
  const wire::OutQueue& out() const { return queue_.urgent(); }
  wire::SendQueue& queue() { return queue_; }
  /// Has what was queued written once the round's events have been handled.
  void touch();
  /// Writes now what can be written.
  void flush();

  /// Queues a close frame behind all that is queued, and ends when the peer has closed, or after the linger time.
  void close(base::CloseReason reason, std::string_view text);
  /// Ends now.
  void die(base::CloseReason reason, std::string why);

  /// From waiting to member.
  void admit();

  /// Gives up the memory that nothing waits in; for the WarmSet.
  void cool_down();

  State state() const { return state_; }
  bool alive() const { return state_ == State::member; }
  /// All but bulk has been written.
  bool flushed() const { return queue_.urgent().empty() && !queue_.bulk_begun(); }
  const net::PeerInfo& peer() const { return stream_->peer(); }
  base::SteadyTime heard_at() const { return heard_at_; }
  /// Valid while handshaking or waiting.
  session::ServerHandshake& handshake() { return *handshake_; }
  /// Why it ended: the first reason given, and words for people.
  base::CloseReason reason() const { return reason_; }
  const std::string& why() const { return why_; }
  /// The calls that certainly did not arrive; they leave the queue.
  std::vector<UnsentFrame> take_unsent_calls();
  /// What the frame at hand lies in, to keep it.
  const base::Block& input_owner() const { return reader_.owner(); }

  // The controller's notes.
  Member* member = nullptr;
  std::uint64_t directory_sent = 0;  ///< the peer has been sent every change up to this one
  bool wants_snapshot = false;       ///< once there is room: it missed changes, or asked for it
  bool snapshot_queued = false;      ///< one is on its way
  std::string host;                  ///< where it comes from, if that is counted
  bool newcomer = true;              ///< counted among those who have not been admitted
  std::uint32_t claimed_from = 0;    ///< waiting: the member that holds the name
  base::SteadyTime claimed_at{};     ///< waiting: when that member was pinged
  std::uint64_t claim_ping = 0;      ///< waiting: the id of that ping
  std::unique_ptr<net::Timer> claim_timer;

 private:
  void on_ready(net::Ready ready) override;
  void run_deferred() override;
  void read();
  bool take_frames();
  bool take_preamble();
  void on_handshake_frame(const wire::Frame& frame);
  void warm_up();
  void blocked();
  void note_written(std::span<const iovec> pieces, std::size_t count);
  void on_timer();
  void arm();
  base::SteadyTime next_deadline() const;

  net::Loop& loop_;
  std::unique_ptr<net::Stream> stream_;
  SessionHost& host_;
  const SessionLimits& limits_;
  WarmSet& warm_set_;
  wire::FrameReader reader_;
  wire::SendQueue queue_;
  std::size_t front_rest_ = 0;  ///< bytes left of an urgent frame that has gone in part
  std::unique_ptr<session::ServerHandshake> handshake_;
  session::Heartbeat heartbeat_;
  base::SteadyTime heard_at_;
  base::SteadyTime deadline_;                      ///< handshaking, closing: the end of it
  std::optional<base::SteadyTime> blocked_since_;  ///< the peer has taken nothing since
  net::Timer timer_;
  base::SteadyTime armed_for_{};
  State state_ = State::handshaking;
  bool more_input_ = false;    ///< the round's share was read, and there may be more
  bool flush_wanted_ = false;  ///< run_deferred() is due
  bool ended_ = false;         ///< the peer's end of the stream is somewhere in the input
  bool warm_ = false;          ///< in the warm set
  bool preamble_taken_ = false;
  base::CloseReason reason_ = base::CloseReason::peer_closed;
  std::string why_;
};

}  // namespace daffi::controller
