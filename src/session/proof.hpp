/// @file  Proof of a shared secret without sending it, and what the proofs of a peer make of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/identity.hpp"
#include "net/stream.hpp"
#include "session/handshake.hpp"
#include "wire/messages.hpp"

namespace daffi::session {

/// Who proves. A proof of one role is worthless in the other, so none can be sent back to its maker.
enum class ProofRole : std::uint8_t { controller, node };

/// What the two ends of one connection prove to each other, bound to that connection: to both nonces, to the process
/// name and the instance. Refers to its arguments. Value.
class Prover {
 public:
  Prover(const Secrets& secrets, const net::PeerInfo& peer, const wire::Hello& hello, const wire::Nonce& challenge)
      : secrets_(secrets), peer_(peer), hello_(hello), challenge_(challenge) {}

  /// True when this side has that secret, and it may be used with such a peer: a cookie says something about a peer on
  /// the same host only.
  bool has(wire::ProofKind kind) const;
  wire::KeyProof prove(ProofRole role, wire::ProofKind kind) const;
  /// True when the list holds a right proof of the kind.
  bool holds(std::span<const wire::KeyProof> proofs, ProofRole role, wire::ProofKind kind) const;
  /// One proof for each role's token.
  std::vector<wire::KeyProof> prove_roles(ProofRole role) const;
  /// The role whose token is proved in the list, if one is.
  std::optional<std::string> held_role(std::span<const wire::KeyProof> proofs, ProofRole role) const;

 private:
  base::Bytes key(wire::ProofKind kind) const;
  net::Mac mac(ProofRole role, wire::ProofKind kind, base::Bytes key) const;

  const Secrets& secrets_;
  const net::PeerInfo& peer_;
  const wire::Hello& hello_;
  const wire::Nonce& challenge_;
};

inline constexpr wire::ProofKind kProofKinds[] = {wire::ProofKind::cookie, wire::ProofKind::token};

/// What is known of a peer after it proved `cookie` and `token`, or not. The strongest wins: the same user by the
/// kernel's word or the cookie, a certificate, the token. A UNIX peer of another user counts for nothing.
wire::Identity judge(const net::PeerInfo& peer, bool cookie, bool token, std::string role = {});

/// True when it has shown a certificate that TLS verified, whatever else it has shown.
bool over_tls(const wire::Identity& identity);
/// True for a verified user of this host.
bool is_local_user(const wire::Identity& identity);
/// True when both are verified as the same user of this host.
bool same_user(const wire::Identity& a, const wire::Identity& b);
/// How far a controller's stamps may be believed: as far as it proved itself, because one that only knows the token, or
/// only has the certificate, may belong to anybody who does. Value.
enum class Trust : std::uint8_t { none, token, certificate, local_user };
Trust trust_in(const wire::Identity& controller);
/// What remains of a stamp of such a controller.
wire::Identity believed(const wire::Identity& stamp, Trust trust);
/// True when both are verified, and as the same one: the same user, the same certificate name, or the same token.
bool same_verified(const wire::Identity& a, const wire::Identity& b);

}  // namespace daffi::session
