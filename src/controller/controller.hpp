/// @file  Controller: keeps the directory and switches frames between members. Never decodes a payload.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/endpoint.hpp"
#include "session/handshake.hpp"
#include "session/rate_budget.hpp"

namespace daffi::controller {

/// Bounds and times; every one has a counter and one action when reached. Value.
struct Options {
  std::string name = {};                                ///< process name, for log lines and the welcome
  session::Secrets secrets = {};                        ///< cookie, token: what members can prove themselves by
  bool require_proof = false;                           ///< true with a token or TLS: nobody without (DESIGN 8)
  base::Duration heartbeat = std::chrono::seconds(15);  ///< a silent member is lost after this
  base::Duration grace = std::chrono::seconds(5);       ///< a lost member may come back as the same one
  base::Duration handshake_timeout = std::chrono::seconds(5);
  base::Duration delta_delay = std::chrono::milliseconds(20);
  base::Duration slow_consumer_limit = std::chrono::seconds(10);
  base::Duration name_ping_timeout = std::chrono::seconds(1);  ///< the holder of a wanted name must answer within this
  std::size_t max_members = 16384;
  std::size_t max_connections = 32768;             ///< in any state; more are closed as too_many
  std::size_t max_connections_per_address = 8192;  ///< likewise; not of UNIX sockets
  std::size_t max_handshaking = 1024;              ///< of these half from one address
  std::size_t max_callbacks_per_member = 4096;
  session::Rate cancel_rate = session::kCancelRate;     ///< of one member; beyond it is closed as a flood
  session::Rate control_rate = session::kControlRate;   ///< likewise: pings, questions, announcements
  std::size_t max_queued_bytes_per_member = 8 << 20;    ///< beyond it calls to that member bounce "busy, not run"
  std::size_t max_unread_bytes_per_member = 256 << 20;  ///< results included; beyond it it is a slow consumer at once
  /// Items and chunks of one member that wait for one other, apart from the above; credit keeps honest members below.
  /// Beyond it the sender is closed with protocol_error.
  std::size_t max_bulk_bytes_per_pair = 256 << 20;
};

/// What the process that runs the controller is told. Called on the loop's thread: pass on, do not work.
struct Events {
  std::function<void(const std::string& name)> member_joined;
  std::function<void(const std::string& name, const std::string& why)> member_left;
};

/// A snapshot of the counters. Value.
struct Stats {
  std::size_t members = 0, suspended = 0, handshaking = 0;
  std::uint64_t frames_switched = 0, bytes_switched = 0, bounced = 0, refused_sessions = 0, bad_frames = 0,
                not_permitted = 0;
  std::uint64_t deltas_sent = 0, snapshots_sent = 0, slow_consumers = 0, dropped_results = 0;
};

/// Strand: the loop's thread for every member function (LoopThread::run_and_wait from others).
class Controller {
 public:
  Controller(net::Loop& loop, Options options, Events events);
  ~Controller();  ///< closes every session at once
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// May be called for several endpoints. Failure: initialization (address taken, …).
  base::Result<net::Endpoint> listen(const net::Endpoint& endpoint, std::shared_ptr<const net::TlsContext> tls);
  /// Serves a stream as if it had been accepted: the own node's (a socket pair), a memory stream.
  void adopt(std::unique_ptr<net::Stream> stream);
  /// Tells every member that the controller stops (close reason controller_stopped), flushes, closes; `done` once.
  void stop(base::Duration limit, std::function<void()> done);
  Stats stats() const;
  /// The names of the callbacks of everybody who is present and listed, by process.
  std::map<std::string, std::vector<std::string>> registered_callbacks() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace daffi::controller
