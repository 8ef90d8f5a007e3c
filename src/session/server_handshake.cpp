/// @file  The controller's side of the handshake, step by step.
#include "session/server_handshake.hpp"

#include <iterator>
#include <utility>

#include "base/random.hpp"
#include "session/proof.hpp"
#include "session/registration.hpp"
#include "wire/preamble.hpp"

namespace daffi::session {

using base::CloseReason;

ServerHandshake::ServerHandshake(const AdmissionRules& rules, const net::PeerInfo& peer) : rules_(rules), peer_(peer) {}

base::Result<bool> ServerHandshake::on_preamble(wire::FrameReader& reader) {
  if (step_ != Step::preamble) return true;
  const base::Bytes bytes = reader.unparsed();
  const wire::Protocol protocol = wire::classify(bytes);
  if (protocol == wire::Protocol::need_more) return false;
  if (protocol != wire::Protocol::native) return fail(CloseReason::protocol_error, "not our protocol");
  const std::uint8_t major = wire::decode_preamble(bytes.first<wire::kPreambleSize>());
  if (major != wire::kWireMajor) {
    return fail(CloseReason::unsupported, "this controller speaks wire version " + std::to_string(wire::kWireMajor) +
                                              ", the node version " + std::to_string(major));
  }
  reader.skip(wire::kPreambleSize);
  step_ = Step::hello;
  return true;
}

base::Result<bool> ServerHandshake::on_frame(const wire::Frame& frame, wire::OutQueue& out) {
  using wire::FrameKind;
  if (step_ == Step::hello && frame.header.kind == FrameKind::hello) return on_hello(frame, out);
  if (step_ == Step::proof && frame.header.kind == FrameKind::proof) return on_proof(frame);
  if (step_ == Step::registering && frame.header.kind == FrameKind::register_) return on_register(frame);
  return fail(CloseReason::protocol_error,
              "a " + std::string(wire::to_string(frame.header.kind)) + " frame out of turn in the handshake");
}

base::Result<bool> ServerHandshake::on_hello(const wire::Frame& frame, wire::OutQueue& out) {
  auto hello = wire::decode<wire::Hello>(frame.payload);
  if (!hello) return fail(CloseReason::protocol_error, hello.failure().message);
  hello_ = std::move(*hello);
  if (hello_.process_name.empty()) return fail(CloseReason::protocol_error, "a process without a name");

  base::random_bytes(nonce_);
  const Prover prover(rules_.secrets, peer_, hello_, nonce_);
  wire::Challenge challenge;
  challenge.nonce = nonce_;
  for (const wire::ProofKind kind : kProofKinds) {
    if (!prover.has(kind)) continue;
    challenge.accepted |= accepted_bit(kind);
    challenge.proofs.push_back(prover.prove(ProofRole::controller, kind));
  }
  for (const wire::KeyProof& proof : prover.prove_roles(ProofRole::controller)) challenge.proofs.push_back(proof);
  wire::append_message(out, {}, challenge);
  step_ = Step::proof;
  return false;
}

base::Result<bool> ServerHandshake::on_proof(const wire::Frame& frame) {
  auto proof = wire::decode<wire::Proof>(frame.payload);
  if (!proof) return fail(CloseReason::protocol_error, proof.failure().message);
  const Prover prover(rules_.secrets, peer_, hello_, nonce_);
  const bool cookie = prover.holds(proof->proofs, ProofRole::node, wire::ProofKind::cookie);
  std::optional<std::string> role;
  bool token = prover.holds(proof->proofs, ProofRole::node, wire::ProofKind::token);
  if (!token) role = prover.held_role(proof->proofs, ProofRole::node);
  token = token || role.has_value();
  if (std::string lack = missing(cookie, token); !lack.empty())
    return fail(CloseReason::not_permitted, std::move(lack));
  identity_ = judge(peer_, cookie, token, role.value_or(""));
  step_ = Step::registering;
  return collect(std::move(proof->registrations), frame.payload.size());
}

base::Result<bool> ServerHandshake::on_register(const wire::Frame& frame) {
  auto part = wire::decode<wire::Register>(frame.payload);
  if (!part) return fail(CloseReason::protocol_error, part.failure().message);
  return collect(std::move(*part), frame.payload.size());
}

base::Result<bool> ServerHandshake::collect(wire::Register part, std::size_t size) {
  registered_size_ += size;
  auto& added = registrations_.added;
  if (added.size() + part.added.size() > rules_.max_callbacks) {
    return fail(CloseReason::too_many, "more than " + std::to_string(rules_.max_callbacks) + " callbacks");
  }
  if (registered_size_ > kMaxRegisteredSize + kMaxDocumentationSize) {
    return fail(CloseReason::too_many, "the callbacks' descriptions are too long");
  }
  added.insert(added.end(), std::move_iterator(part.added.begin()), std::move_iterator(part.added.end()));
  if ((part.flags & wire::Register::kMore) != 0) return false;
  registrations_.flags = part.flags;
  step_ = Step::done;
  return true;
}

std::string ServerHandshake::missing(bool cookie, bool token) const {
  const bool certificate = peer_.tls && peer_.certificate_verified;
  const bool local_user = !peer_.tls && is_local_user(judge(peer_, cookie, token));
  if (rules_.tls_only && !peer_.tls && !local_user) return "this controller takes TLS connections only";
  if (!rules_.require_proof && rules_.secrets.token.empty()) return {};
  if (certificate || token) return {};
  if (!rules_.secrets.token.empty()) return "this controller admits nobody without its token";
  return local_user ? "" : "this controller admits nobody without a certificate";
}

base::Failure ServerHandshake::fail(CloseReason reason, std::string text) {
  step_ = Step::failed;
  reason_ = reason;
  return base::fail(reason == CloseReason::unsupported     ? ErrorCode::unsupported
                    : reason == CloseReason::not_permitted ? ErrorCode::refused
                                                           : ErrorCode::protocol,
                    std::move(text));
}

}  // namespace daffi::session
