/// @file  Message authentication codes over a handshake, and the verdict on a peer.
#include "session/proof.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace daffi::session {
namespace {

using Kind = wire::Identity::Kind;

base::Bytes label_of(ProofRole role) {
  return base::as_bytes(role == ProofRole::controller ? "daffi 1 controller" : "daffi 1 node");
}

base::Bytes label_of(wire::ProofKind kind) {
  return base::as_bytes(kind == wire::ProofKind::cookie ? "cookie" : "token");
}

// A list may hold several of a kind: a controller has a token for each role.
bool holds_mac(std::span<const wire::KeyProof> proofs, wire::ProofKind kind, const net::Mac& mac) {
  return std::ranges::any_of(
      proofs, [&](const wire::KeyProof& proof) { return proof.kind == kind && net::same_mac(mac, proof.mac); });
}

wire::Identity strongest(const net::PeerInfo& peer, bool cookie, bool token) {
  const std::uint32_t own = ::geteuid();
  const bool certificate = peer.tls && peer.certificate_verified;
  if (peer.uid == own) return {Kind::peercred, own, peer.address, certificate};
  if (cookie && peer.same_host) return {Kind::cookie, own, peer.address, certificate};
  if (certificate) return {Kind::certificate, wire::Identity::kNoUid, peer.certificate_name};
  if (token) return {Kind::token, wire::Identity::kNoUid, peer.address};
  return {Kind::none, wire::Identity::kNoUid, peer.address};
}

}  // namespace

base::Bytes Prover::key(wire::ProofKind kind) const {
  return kind == wire::ProofKind::cookie ? base::Bytes(secrets_.cookie) : base::as_bytes(secrets_.token);
}

bool Prover::has(wire::ProofKind kind) const {
  return !key(kind).empty() && (kind != wire::ProofKind::cookie || peer_.same_host);
}

net::Mac Prover::mac(ProofRole role, wire::ProofKind kind, base::Bytes key) const {
  return net::hmac_sha256(key, {label_of(role), label_of(kind), hello_.nonce, challenge_,
                                base::as_bytes(hello_.process_name), hello_.instance_token});
}

wire::KeyProof Prover::prove(ProofRole role, wire::ProofKind kind) const { return {kind, mac(role, kind, key(kind))}; }

bool Prover::holds(std::span<const wire::KeyProof> proofs, ProofRole role, wire::ProofKind kind) const {
  if (!has(kind)) return false;
  return holds_mac(proofs, kind, mac(role, kind, key(kind)));
}

std::vector<wire::KeyProof> Prover::prove_roles(ProofRole role) const {
  constexpr auto kToken = wire::ProofKind::token;
  std::vector<wire::KeyProof> proofs;
  proofs.reserve(secrets_.roles.size());
  for (const TokenRole& each : secrets_.roles)
    proofs.push_back({kToken, mac(role, kToken, base::as_bytes(each.token))});
  return proofs;
}

std::optional<std::string> Prover::held_role(std::span<const wire::KeyProof> proofs, ProofRole role) const {
  constexpr auto kToken = wire::ProofKind::token;
  for (const TokenRole& each : secrets_.roles) {
    if (holds_mac(proofs, kToken, mac(role, kToken, base::as_bytes(each.token)))) return each.role;
  }
  return std::nullopt;
}

wire::Identity judge(const net::PeerInfo& peer, bool cookie, bool token, std::string role) {
  wire::Identity who = strongest(peer, cookie, token);
  if (peer.tls && peer.certificate_verified) who.certificate = peer.certificate_name;
  who.role = std::move(role);
  return who;
}

bool over_tls(const wire::Identity& identity) { return identity.over_tls || identity.kind == Kind::certificate; }

bool is_local_user(const wire::Identity& identity) {
  return identity.kind == Kind::peercred || identity.kind == Kind::cookie;
}

bool same_user(const wire::Identity& a, const wire::Identity& b) {
  return is_local_user(a) && is_local_user(b) && a.uid == b.uid;
}

Trust trust_in(const wire::Identity& controller) {
  if (is_local_user(controller)) return Trust::local_user;
  if (over_tls(controller)) return Trust::certificate;
  return controller.kind == Kind::token ? Trust::token : Trust::none;
}

wire::Identity believed(const wire::Identity& stamp, Trust trust) {
  wire::Identity who = stamp;
  switch (trust) {
    case Trust::local_user:
      return who;
    case Trust::certificate:
      if (!is_local_user(stamp)) return who;
      who.kind = stamp.over_tls ? Kind::certificate : stamp.role.empty() ? Kind::none : Kind::token;
      who.uid = wire::Identity::kNoUid;
      who.over_tls = false;
      return who;
    case Trust::token:
      if (stamp.kind != Kind::token && stamp.role.empty()) break;
      return {.kind = Kind::token, .text = stamp.text, .role = stamp.role};
    case Trust::none:
      break;
  }
  return {};
}

bool same_verified(const wire::Identity& a, const wire::Identity& b) {
  if (same_user(a, b)) return true;
  if (a.kind != b.kind) return false;
  return (a.kind == Kind::token && a.role == b.role) ||
         (a.kind == Kind::certificate && !a.text.empty() && a.text == b.text);
}

}  // namespace daffi::session
