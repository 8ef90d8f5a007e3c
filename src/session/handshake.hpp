/// @file  The handshake of a connection, both ends, without I/O: who are you, prove it, welcome.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "net/identity.hpp"
#include "net/stream.hpp"
#include "wire/messages.hpp"
#include "wire/out_queue.hpp"
#include "wire/parser.hpp"

namespace daffi::session {

/// What this process can prove, and can check in others. Neither is ever sent. Value.
struct Secrets {
  std::vector<std::byte> cookie;  ///< the user's cookie; empty: none
  std::string token;              ///< empty: none
};

/// How a process presents itself. Value.
struct Presentation {
  std::string process_name;
  std::array<std::byte, 16> instance_token{};
  std::string language = "c++";
  std::uint32_t flags = 0;
};

/// The node's end. Strand: the loop's thread.
class ClientHandshake {
 public:
  /// `registrations` is asked for once, when the proof is sent.
  ClientHandshake(Presentation me, Secrets secrets, const net::PeerInfo& peer,
                  std::function<wire::Register()> registrations);
  /// Writes the preamble and the hello.
  void start(wire::OutQueue& out);
  /// Takes the next frame. True: welcomed, and every later frame belongs to the session. Failure (refused, name_taken,
  /// unsupported, protocol): the connection is to be closed.
  base::Result<bool> on_frame(const wire::Frame& frame, wire::OutQueue& out);
  const wire::Welcome& welcome() const;

 private:
  Presentation me_;
  Secrets secrets_;
  net::PeerInfo peer_;
  std::function<wire::Register()> registrations_;
  std::array<std::byte, 32> nonce_{};
  int step_ = 0;
  wire::Welcome welcome_;
};

}  // namespace daffi::session
