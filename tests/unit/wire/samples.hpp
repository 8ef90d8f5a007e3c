/// @file  One or more messages of every kind, for the tests that hold for all of them.
#pragma once

#include <string>
#include <vector>

#include "wire/messages.hpp"

namespace daffi::wire::samples {

/// Bytes that count upwards from `first`.
template <std::size_t N>
std::array<std::byte, N> counting(unsigned first) {
  std::array<std::byte, N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<std::byte>(first + i);
  return out;
}

inline Hello hello() {
  return {.wire_minor = 0,
          .features = 5,
          .nonce = counting<32>(0),
          .instance_token = counting<16>(0x80),
          .flags = Hello::kObserver,
          .process_name = "caf\u00e9",
          .language = "c++",
          .version = "0.1.0"};
}

inline Challenge challenge() {
  return {.features = 1,
          .nonce = counting<32>(0x20),
          .accepted = accepted_bit(ProofKind::cookie) | accepted_bit(ProofKind::token),
          .proofs = {{ProofKind::cookie, counting<32>(0x40)}, {ProofKind::token, counting<32>(0x60)}}};
}

inline Descriptor descriptor(std::uint32_t id = 0) {
  return {.id = id,
          .flags = Descriptor::kStream,
          .language = "python",
          .returns = "list[int]",
          .parameters = {{.name = "end", .type = "int", .default_text = "", .flags = 0},
                         {.name = "step",
                          .type = "int",
                          .default_text = "1",
                          .flags = Parameter::kHasDefault | Parameter::kKeywordOnly}},
          .callers = {"role:operator", "certificate:console"}};
}

inline Registration registration() { return {7, "generate", descriptor(), "Counts up to end."}; }

inline Register announcement() {
  return {.flags = Register::kMore, .removed = {3, 5}, .added = {registration(), {8, "stop", {}, ""}}};
}

inline Proof proof() { return {{{ProofKind::token, counting<32>(0x60)}}, announcement()}; }

inline Identity identity() {
  return {.kind = Identity::Kind::peercred, .uid = 1000, .text = "host", .certificate = "shop-1", .role = "operator"};
}

inline Welcome welcome() {
  return {.member_id = 2,
          .epoch = 0x01020304,
          .features = 1,
          .max_frame_payload = kMaxFramePayload,
          .heartbeat_ms = 15'000,
          .grace_ms = 5'000,
          .controller_name = "hub",
          .identity = identity()};
}

inline Close goodbye() { return {base::CloseReason::goodbye, "done"}; }

inline MemberEntry member() {
  return {.member_id = 2,
          .state = MemberState::suspended,
          .draining = true,
          .times_lost = 3,
          .identity = identity(),
          .process_name = "shop",
          .language = "c++",
          .callbacks = {
              {7, 1, "generate"}, {8, 2, "stop"}, {9, CallbackEntry::kClosed, "00112233445566778899aabbccddeeff"}}};
}

inline Snapshot snapshot() {
  return {
      .sequence = 41, .part = 0, .parts = 2, .descriptors = {descriptor(1)}, .members = {member(), {.member_id = 3}}};
}

inline Delta delta() {
  return {.first_sequence = 42,
          .flags = Delta::kMore,
          .descriptors = {descriptor(2)},
          .changes = {MemberJoined{member()}, MemberLeft{3, base::CloseReason::heartbeat_lost}, MemberSuspended{4},
                      MemberResumed{member()}, CallbacksAdded{2, {{9, 2, "more"}}}, CallbacksRemoved{2, {7, 8}},
                      MemberDraining{2}}};
}

inline Describe describe() { return {{{2, 7}, {2, 8}}}; }
inline Described described() { return {{{2, 7, "Counts up to end."}, {2, 8, ""}}}; }

inline SentTo sent_to() { return {{2, 3, 0x01020304}}; }

/// Calls visit(message) for every sample.
template <typename Visit>
void for_each(Visit visit) {
  visit(hello());
  visit(Hello{});
  visit(challenge());
  visit(Challenge{});
  visit(proof());
  visit(Proof{});
  visit(welcome());
  visit(goodbye());
  visit(announcement());
  visit(Register{});
  visit(snapshot());
  visit(Snapshot{});
  visit(delta());
  visit(Delta{});
  visit(describe());
  visit(described());
  visit(sent_to());
  visit(SentTo{});
}

}  // namespace daffi::wire::samples
