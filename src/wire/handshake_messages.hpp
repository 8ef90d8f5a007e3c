/// @file  The messages by which a connection begins and ends: hello, challenge, proof, welcome, close.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/close_reason.hpp"
#include "wire/descriptor.hpp"
#include "wire/frame_kind.hpp"

namespace daffi::wire {

using Nonce = std::array<std::byte, 32>;
using InstanceToken = std::array<std::byte, 16>;

/// Opens the handshake. Its layout only grows at the end: bytes behind the last field are of a later minor version and
/// are ignored. Value.
struct Hello {
  static constexpr FrameKind kKind = FrameKind::hello;
  static constexpr std::uint32_t kObserver = 1;  ///< only calls and looks: not shown to others

  std::uint16_t wire_minor = 0;
  std::uint64_t features = 0;  ///< all that the node offers
  Nonce nonce{};
  InstanceToken instance_token{};
  std::uint32_t flags = 0;
  std::string process_name{};
  std::string language{};
  std::string version{};  ///< of the software, for people

  bool operator==(const Hello&) const = default;
};

/// What can be proved without being sent. Value.
enum class ProofKind : std::uint8_t { cookie = 1, token = 2 };

/// The bit of a kind in Challenge::accepted.
constexpr std::uint8_t accepted_bit(ProofKind kind) {
  return static_cast<std::uint8_t>(1u << (static_cast<unsigned>(kind) - 1));
}

/// A code over both nonces that only a holder of the secret can make. Value.
struct KeyProof {
  ProofKind kind = ProofKind::cookie;
  std::array<std::byte, 32> mac{};

  bool operator==(const KeyProof&) const = default;
};

/// The controller's answer to a hello. Later minor versions may append to it, as to Hello. Value.
struct Challenge {
  static constexpr FrameKind kKind = FrameKind::challenge;

  std::uint64_t features = 0;  ///< those of the hello that the controller agrees to
  Nonce nonce{};
  std::uint8_t accepted = 0;  ///< accepted_bit() of every kind that would do
  std::vector<KeyProof> proofs{};

  bool operator==(const Challenge&) const = default;
};

/// The node's proofs, and its first callbacks. Value.
struct Proof {
  static constexpr FrameKind kKind = FrameKind::proof;

  std::vector<KeyProof> proofs{};
  Register registrations{};

  bool operator==(const Proof&) const = default;
};

/// How the controller knows who a member is. Value.
struct Identity {
  enum class Kind : std::uint8_t { none = 0, peercred = 1, cookie = 2, token = 3, certificate = 4 };
  static constexpr std::uint32_t kNoUid = 0xFFFFFFFF;

  Kind kind = Kind::none;
  std::uint32_t uid = kNoUid;
  std::string text{};         ///< host or certificate name, for people
  bool over_tls = false;      ///< the kind is another, but it showed a certificate too
  std::string certificate{};  ///< name in the certificate that it showed, whatever the kind
  std::string role{};         ///< of the token that it proved, whatever the kind

  bool operator==(const Identity&) const = default;
};

/// Ends the handshake: the node is a member. Value.
struct Welcome {
  static constexpr FrameKind kKind = FrameKind::welcome;

  std::uint32_t member_id = 0;
  std::uint32_t epoch = 0;
  std::uint64_t features = 0;
  std::uint32_t max_frame_payload = 0;
  std::uint32_t heartbeat_ms = 0;  ///< a peer that is silent for so long is lost
  std::uint32_t grace_ms = 0;
  std::string controller_name{};
  Identity identity{};  ///< what the controller stamped on this node

  bool operator==(const Welcome&) const = default;
};

/// The last frame of a connection. Its layout is the same in every major version. Value.
struct Close {
  static constexpr FrameKind kKind = FrameKind::close;

  base::CloseReason reason = base::CloseReason::goodbye;
  std::string text{};

  bool operator==(const Close&) const = default;
};

}  // namespace daffi::wire
