/// @file  Layouts of the messages by which a connection begins and ends.
#include "wire/handshake_messages.hpp"

#include "wire/descriptor_fields.hpp"
#include "wire/handshake_fields.hpp"
#include "wire/message_codec.hpp"

namespace daffi::wire {

template <typename IO>
void fields(IO& io, Is<Hello> auto& m) {
  io.number(m.wire_minor);
  io.number(m.features);
  io.raw(m.nonce);
  io.raw(m.instance_token);
  io.number(m.flags);
  io.text(m.process_name, kMaxProcessName);
  io.text(m.language, kMaxLanguage);
  io.text(m.version, kMaxVersion);
}

// Kinds of a later minor version are kept: whoever does not know them does not use them.
template <typename IO>
void fields(IO& io, Is<KeyProof> auto& m) {
  io.number(m.kind);
  io.raw(m.mac);
}

template <typename IO>
void fields(IO& io, Is<Challenge> auto& m) {
  io.number(m.features);
  io.raw(m.nonce);
  io.number(m.accepted);
  io.list(m.proofs, kMaxProofs, 33);
}

template <typename IO>
void fields(IO& io, Is<Proof> auto& m) {
  io.list(m.proofs, kMaxProofs, 33);
  fields(io, m.registrations);
}

template <typename IO>
void fields(IO& io, Is<Welcome> auto& m) {
  io.number(m.member_id);
  io.number(m.epoch);
  io.number(m.features);
  io.number(m.max_frame_payload);
  io.number(m.heartbeat_ms);
  io.number(m.grace_ms);
  io.text(m.controller_name, kMaxProcessName);
  fields(io, m.identity);
}

// A reason that is not in our table stays as it is; its row says protocol_error.
template <typename IO>
void fields(IO& io, Is<Close> auto& m) {
  io.number(m.reason);
  io.text(m.text, kMaxCloseText);
}

template std::vector<std::byte> encode<Hello>(const Hello&);
template std::vector<std::byte> encode<Challenge>(const Challenge&);
template std::vector<std::byte> encode<Proof>(const Proof&);
template std::vector<std::byte> encode<Welcome>(const Welcome&);
template std::vector<std::byte> encode<Close>(const Close&);
template std::vector<std::byte> encode<Register>(const Register&);
template std::vector<std::byte> encode<Descriptor>(const Descriptor&);
template base::Result<Hello> decode<Hello>(base::Bytes);
template base::Result<Challenge> decode<Challenge>(base::Bytes);
template base::Result<Proof> decode<Proof>(base::Bytes);
template base::Result<Welcome> decode<Welcome>(base::Bytes);
template base::Result<Close> decode<Close>(base::Bytes);
template base::Result<Register> decode<Register>(base::Bytes);

}  // namespace daffi::wire
