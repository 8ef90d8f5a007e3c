/// @file  The node's end of a handshake, without I/O: say who you are, see proof, show proof, be welcome.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/close_reason.hpp"
#include "base/result.hpp"
#include "net/stream.hpp"
#include "wire/messages.hpp"
#include "wire/out_queue.hpp"
#include "wire/parser.hpp"

namespace daffi::session {

/// A token whose holders have a name in common. Value.
struct TokenRole {
  std::string role;
  std::string token;
};

/// What this process can prove, and can check in others. None is ever sent. Value.
struct Secrets {
  std::vector<std::byte> cookie = {};  ///< the user's cookie; empty: none
  std::string token = {};              ///< empty: none
  std::vector<TokenRole> roles = {};   ///< a controller's: further tokens that it knows
};

/// How a process presents itself. Value.
struct Presentation {
  std::string process_name;
  std::array<std::byte, 16> instance_token{};
  std::string language = "c++";
  std::uint32_t flags = 0;
};

/// The node's end. Nothing of the controller is believed before its challenge has been checked: a node that has a
/// token goes on only with a controller that proves it, and shows only what the controller has shown before.
/// Strand: the loop's thread.
class ClientHandshake {
 public:
  /// `registrations` is asked for once, when the proof is sent.
  ClientHandshake(Presentation me, Secrets secrets, const net::PeerInfo& peer,
                  std::function<wire::Register()> registrations);

  /// Writes the preamble and the hello.
  void start(wire::OutQueue& out);
  /// Takes the next frame. True: welcomed, and every later frame belongs to the session. Failure (refused, name_taken,
  /// unsupported, protocol): the connection is to be closed; close_reason() says why, as a row of that table.
  base::Result<bool> on_frame(const wire::Frame& frame, wire::OutQueue& out);

  /// Valid once welcomed.
  const wire::Welcome& welcome() const { return welcome_; }
  /// How the node knows its controller: kind `none` when nothing was proved.
  const wire::Identity& controller() const { return controller_; }
  /// True when the stamps that the controller puts on members may be believed.
  bool controller_verified() const { return controller_.kind != wire::Identity::Kind::none; }
  /// After a failure: why the connection ends.
  base::CloseReason close_reason() const { return reason_; }

 private:
  enum class Step : std::uint8_t { hello, challenge, welcome, done, failed };

  base::Result<bool> on_challenge(const wire::Challenge& challenge, wire::OutQueue& out);
  base::Result<bool> on_welcome(wire::Welcome welcome);
  base::Failure on_close(const wire::Close& close);
  base::Failure fail(base::CloseReason reason, ErrorCode code, std::string text);

  Presentation me_;
  Secrets secrets_;
  net::PeerInfo peer_;
  std::function<wire::Register()> registrations_;
  wire::Hello hello_;
  wire::Welcome welcome_;
  wire::Identity controller_;
  Step step_ = Step::hello;
  base::CloseReason reason_ = base::CloseReason::protocol_error;
};

}  // namespace daffi::session
