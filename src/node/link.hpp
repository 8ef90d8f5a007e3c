/// @file  Link: how a node gets its connection: connecting, the handshake, and trying again after a loss.
#pragma once

#include <memory>

#include "net/endpoint.hpp"
#include "session/handshake.hpp"
#include "wire/out_queue.hpp"
#include "wire/parser.hpp"

namespace daffi::node {

/// What a link tells its node. Strand: the loop's thread.
class LinkOwner {
 public:
  virtual wire::Register registrations() = 0;
  /// The node is a member; the stream is its own from here on. `reader` may hold frames already.
  virtual void on_established(std::unique_ptr<net::Stream> stream, std::unique_ptr<wire::FrameReader> reader,
                              const session::ClientHandshake& handshake) = 0;
  /// One attempt failed. `final`: trying again is of no use (name taken, refused, no common version).
  virtual void on_attempt_failed(const base::Failure& failure, bool final) = 0;

 protected:
  ~LinkOwner() = default;
};

/// Strand: the loop's thread.
class Link final : private net::Watcher {
 public:
  Link(net::Loop& loop, std::unique_ptr<net::Connector> connector, session::Presentation me, session::Secrets secrets,
       LinkOwner& owner);
  ~Link();

  /// Connects now, and after a failure again and again, at growing, jittered distances.
  void start();
  /// The connection was lost: the same, after a short pause, or a longer one if it did not last.
  void restart();
  void stop();
  std::string target() const { return connector_->target(); }

 private:
  void connect();
  void begin_handshake(std::unique_ptr<net::Stream> stream);
  void on_ready(net::Ready ready) override;
  void read();
  base::Failure broken(int error) const;
  void take_frames();
  void flush();
  void established();
  void failed(const base::Failure& failure);
  void drop();
  void try_again();

  net::Loop& loop_;
  const std::unique_ptr<net::Connector> connector_;
  const session::Presentation me_;
  const session::Secrets secrets_;
  LinkOwner& owner_;
  net::Timer timer_;  // the next attempt, or the end of patience with a handshake
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<wire::FrameReader> reader_;
  std::unique_ptr<session::ClientHandshake> handshake_;
  wire::OutQueue out_;
  bool stopped_ = false;
  base::SteadyTime established_at_{};
  unsigned attempts_ = 0;  // since a connection lasted
};

}  // namespace daffi::node
