/// @file  The node's side of the handshake, step by step.
#include "session/handshake.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "session/proof.hpp"
#include "session/registration.hpp"
#include "wire/preamble.hpp"

namespace daffi::session {
namespace {

// A proof without registrations: two lists and the flags, and every kind of proof.
constexpr std::size_t kProofsSize = 64 + wire::kMaxProofs * 33;

ErrorCode code_of(base::CloseReason reason) {
  switch (reason) {
    case base::CloseReason::name_taken:
      return ErrorCode::name_taken;
    case base::CloseReason::unsupported:
      return ErrorCode::unsupported;
    case base::CloseReason::protocol_error:
      return ErrorCode::protocol;
    // Nothing was decided: another attempt may succeed.
    case base::CloseReason::handshake_timeout:
    case base::CloseReason::controller_stopped:
      return ErrorCode::no_controller;
    default:
      return ErrorCode::refused;
  }
}

}  // namespace

ClientHandshake::ClientHandshake(Presentation me, Secrets secrets, const net::PeerInfo& peer,
                                 std::function<wire::Register()> registrations)
    : me_(std::move(me)), secrets_(std::move(secrets)), peer_(peer), registrations_(std::move(registrations)) {}

void ClientHandshake::start(wire::OutQueue& out) {
  hello_.wire_minor = wire::kWireMinor;
  base::random_bytes(hello_.nonce);
  hello_.instance_token = me_.instance_token;
  hello_.flags = me_.flags;
  hello_.process_name = me_.process_name;
  hello_.language = me_.language;
  out.append(base::Bytes(wire::encode_preamble()));
  wire::append_message(out, {}, hello_);
  step_ = Step::challenge;
}

base::Result<bool> ClientHandshake::on_frame(const wire::Frame& frame, wire::OutQueue& out) {
  if (frame.header.kind == wire::FrameKind::close) {
    auto close = wire::decode<wire::Close>(frame.payload);
    if (!close) return fail(base::CloseReason::protocol_error, ErrorCode::protocol, close.failure().message);
    return on_close(*close);
  }
  if (step_ == Step::challenge && frame.header.kind == wire::FrameKind::challenge) {
    const auto challenge = wire::decode<wire::Challenge>(frame.payload);
    if (!challenge) return fail(base::CloseReason::protocol_error, ErrorCode::protocol, challenge.failure().message);
    return on_challenge(*challenge, out);
  }
  if (step_ == Step::welcome && frame.header.kind == wire::FrameKind::welcome) {
    auto welcome = wire::decode<wire::Welcome>(frame.payload);
    if (!welcome) return fail(base::CloseReason::protocol_error, ErrorCode::protocol, welcome.failure().message);
    return on_welcome(std::move(*welcome));
  }
  return fail(base::CloseReason::protocol_error, ErrorCode::protocol,
              "a " + std::string(wire::to_string(frame.header.kind)) + " frame during the handshake");
}

base::Result<bool> ClientHandshake::on_challenge(const wire::Challenge& challenge, wire::OutQueue& out) {
  const Prover prover(secrets_, peer_, hello_, challenge.nonce);
  const bool cookie = prover.holds(challenge.proofs, ProofRole::controller, wire::ProofKind::cookie);
  const bool token = prover.holds(challenge.proofs, ProofRole::controller, wire::ProofKind::token);
  if (!secrets_.token.empty() && !token) {
    return fail(base::CloseReason::not_permitted, ErrorCode::refused,
                "the controller at " + peer_.address + " does not know this process's token");
  }
  controller_ = judge(peer_, cookie, token);

  wire::Proof proof;
  for (const wire::ProofKind kind : kProofKinds) {
    // Only to one who has shown it: a squatter on the port gets nothing to try passwords on.
    const bool shown = kind == wire::ProofKind::cookie ? cookie : token;
    if (shown && (challenge.accepted & accepted_bit(kind)) != 0) {
      proof.proofs.push_back(prover.prove(ProofRole::node, kind));
    }
  }
  auto pieces = split_register(registrations_(), kMaxHandshakePayload - kProofsSize);
  proof.registrations = std::move(pieces.front());
  wire::append_message(out, {}, proof);
  for (auto piece = pieces.begin() + 1; piece != pieces.end(); ++piece) wire::append_message(out, {}, *piece);
  step_ = Step::welcome;
  return false;
}

base::Result<bool> ClientHandshake::on_welcome(wire::Welcome welcome) {
  if (welcome.member_id == wire::kControllerMember || welcome.epoch == 0) {
    return fail(base::CloseReason::protocol_error, ErrorCode::protocol, "a welcome without a member id or an epoch");
  }
  welcome_ = std::move(welcome);
  step_ = Step::done;
  return true;
}

base::Failure ClientHandshake::on_close(const wire::Close& close) {
  const base::CloseReason reason = base::close_reason_row(close.reason).reason;
  std::string text = close.text.empty() ? std::string(base::close_reason_row(reason).summary) : close.text;
  return fail(reason, code_of(reason), std::move(text));
}

base::Failure ClientHandshake::fail(base::CloseReason reason, ErrorCode code, std::string text) {
  step_ = Step::failed;
  reason_ = reason;
  return base::fail(code, std::move(text));
}

}  // namespace daffi::session
