/// @file  Control messages as JSON, for the vectors that every language must agree on.
#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "wire/messages.hpp"

namespace daffi::wire {

inline std::string to_hex(base::Bytes bytes) {
  std::string out;
  for (const std::byte byte : bytes) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(byte));
    out += digits;
  }
  return out;
}

inline std::vector<std::byte> from_hex(const std::string& text) {
  std::vector<std::byte> out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<std::byte>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return out;
}

}  // namespace daffi::wire

namespace nlohmann {

// Fixed byte fields are hexadecimal text.
template <std::size_t N>
struct adl_serializer<std::array<std::byte, N>> {
  static void to_json(json& j, const std::array<std::byte, N>& bytes) { j = daffi::wire::to_hex(bytes); }
  static void from_json(const json& j, std::array<std::byte, N>& bytes) {
    const auto read = daffi::wire::from_hex(j.get<std::string>());
    if (read.size() != N) throw std::runtime_error("wrong length of a byte field");
    std::copy(read.begin(), read.end(), bytes.begin());
  }
};

}  // namespace nlohmann

namespace daffi::wire {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Parameter, flags, name, type, default_text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Descriptor, id, flags, language, returns, parameters, callers)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Registration, callback_id, name, descriptor, doc)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Register, flags, removed, added)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Hello, wire_minor, features, nonce, instance_token, flags, process_name, language,
                                   version)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KeyProof, kind, mac)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Challenge, features, nonce, accepted, proofs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Proof, proofs, registrations)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Identity, kind, uid, text, certificate, role)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Welcome, member_id, epoch, features, max_frame_payload, heartbeat_ms, grace_ms,
                                   controller_name, identity)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Close, reason, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CallbackEntry, callback_id, descriptor_id, name)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemberEntry, member_id, state, draining, times_lost, identity, process_name,
                                   language, callbacks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Snapshot, sequence, part, parts, descriptors, members)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemberJoined, member)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemberLeft, member_id, reason)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemberSuspended, member_id)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemberResumed, member)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CallbacksAdded, member_id, callbacks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CallbacksRemoved, member_id, callback_ids)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemberDraining, member_id)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Describe::Item, member_id, callback_id)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Describe, items)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Described::Item, member_id, callback_id, doc)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Described, items)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SentTo, members)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CallHead, callback_id, remaining_ms, flags)

}  // namespace daffi::wire

namespace nlohmann {

// A change is its fields and the number of its kind.
template <>
struct adl_serializer<daffi::wire::Change> {
  static void to_json(json& j, const daffi::wire::Change& change) {
    std::visit([&](const auto& alternative) { j = alternative; }, change);
    j["change"] = change.index() + 1;
  }
  static void from_json(const json& j, daffi::wire::Change& change) {
    read(j, change, std::make_index_sequence<std::variant_size_v<daffi::wire::Change>>());
  }

 private:
  template <std::size_t... I>
  static void read(const json& j, daffi::wire::Change& change, std::index_sequence<I...>) {
    const auto number = j.at("change").get<std::size_t>();
    static_cast<void>(((number == I + 1 && (j.get_to(change.emplace<I>()), true)) || ...));
  }
};

}  // namespace nlohmann

namespace daffi::wire {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Delta, first_sequence, flags, descriptors, changes)

}  // namespace daffi::wire
