/// @file  The controller's end of a handshake, without I/O: prove yourself, check the node, collect its callbacks.
#pragma once

#include <cstdint>
#include <string>

#include "base/close_reason.hpp"
#include "base/result.hpp"
#include "net/stream.hpp"
#include "session/handshake.hpp"
#include "wire/messages.hpp"
#include "wire/out_queue.hpp"
#include "wire/parser.hpp"

namespace daffi::session {

/// Whom a controller lets in. Value.
struct AdmissionRules {
  Secrets secrets = {};
  bool require_proof = false;  ///< nobody without a token or a certificate (the token, if there is one)
  bool tls_only = false;       ///< plain connections from this host's verified user only
  std::size_t max_callbacks = 4096;
};

/// The controller's end, up to the decision to admit: the welcome is the controller's own to send.
/// Strand: the loop's thread.
class ServerHandshake {
 public:
  /// Refers to the rules.
  ServerHandshake(const AdmissionRules& rules, const net::PeerInfo& peer);

  /// Takes the preamble from what the reader holds; false: it is not all there yet. Failure: unsupported, to be told to
  /// the peer; protocol, not worth an answer.
  base::Result<bool> on_preamble(wire::FrameReader& reader);
  /// Takes the next frame. True: the node has shown what it had to and announced its callbacks. Failure: close_reason()
  /// and the message are for the close frame.
  base::Result<bool> on_frame(const wire::Frame& frame, wire::OutQueue& out);

  const wire::Hello& hello() const { return hello_; }
  bool observer() const { return (hello_.flags & wire::Hello::kObserver) != 0; }
  /// True from the proof on: the peer may now send larger frames.
  bool identified() const { return step_ == Step::registering || step_ == Step::done; }
  const wire::Identity& identity() const { return identity_; }
  wire::Register& registrations() { return registrations_; }
  /// After a failure: why the connection ends.
  base::CloseReason close_reason() const { return reason_; }

 private:
  enum class Step : std::uint8_t { preamble, hello, proof, registering, done, failed };

  base::Result<bool> on_hello(const wire::Frame& frame, wire::OutQueue& out);
  base::Result<bool> on_proof(const wire::Frame& frame);
  base::Result<bool> on_register(const wire::Frame& frame);
  base::Result<bool> collect(wire::Register part, std::size_t size);
  /// What is missing for admission; empty: nothing.
  std::string missing(bool cookie, bool token) const;
  base::Failure fail(base::CloseReason reason, std::string text);

  const AdmissionRules& rules_;
  net::PeerInfo peer_;
  wire::Hello hello_;
  wire::Nonce nonce_{};
  wire::Identity identity_;
  wire::Register registrations_;
  std::size_t registered_size_ = 0;
  Step step_ = Step::preamble;
  base::CloseReason reason_ = base::CloseReason::protocol_error;
};

}  // namespace daffi::session
