/// @file  Layouts of the messages that carry the directory.
#include "wire/directory_messages.hpp"

#include <utility>

#include "wire/descriptor_fields.hpp"
#include "wire/handshake_fields.hpp"
#include "wire/message_codec.hpp"

namespace daffi::wire {

template <typename IO>
void fields(IO& io, Is<CallbackEntry> auto& m) {
  io.number(m.callback_id);
  io.number(m.descriptor_id);
  io.text(m.name, kMaxCallbackName);
}

namespace {

// A bool as a byte that is 0 or 1 and nothing else.
void truth(ByteReader& io, bool& value) {
  std::uint8_t byte = 0;
  io.number(byte);
  io.check(byte <= 1, "a truth value is neither 0 nor 1");
  value = byte == 1;
}
void truth(ByteWriter& io, bool value) { io.number(static_cast<std::uint8_t>(value ? 1 : 0)); }

}  // namespace

template <typename IO>
void fields(IO& io, Is<MemberEntry> auto& m) {
  io.number(m.member_id);
  io.number(m.state);
  io.check(m.state <= MemberState::observer, "unknown state of a member");
  truth(io, m.draining);
  io.number(m.times_lost);
  fields(io, m.identity);
  io.text(m.process_name, kMaxProcessName);
  io.text(m.language, kMaxLanguage);
  io.list(m.callbacks, kMaxCallbacks, 10);
}

template <typename IO>
void fields(IO& io, Is<Snapshot> auto& m) {
  io.number(m.sequence);
  io.number(m.part);
  io.number(m.parts);
  io.check(m.part < m.parts, "a part beyond the last");
  io.list(m.descriptors, kMaxDescriptors, 13);
  io.list(m.members, kMaxMembers, 27);
}

template <typename IO>
void fields(IO& io, Is<MemberJoined> auto& m) {
  fields(io, m.member);
}
template <typename IO>
void fields(IO& io, Is<MemberLeft> auto& m) {
  io.number(m.member_id);
  io.number(m.reason);
}
template <typename IO>
void fields(IO& io, Is<MemberSuspended> auto& m) {
  io.number(m.member_id);
}
template <typename IO>
void fields(IO& io, Is<MemberResumed> auto& m) {
  fields(io, m.member);
}
template <typename IO>
void fields(IO& io, Is<CallbacksAdded> auto& m) {
  io.number(m.member_id);
  io.list(m.callbacks, kMaxCallbacks, 10);
}
template <typename IO>
void fields(IO& io, Is<CallbacksRemoved> auto& m) {
  io.number(m.member_id);
  io.list(m.callback_ids, kMaxCallbacks, 4);
}
template <typename IO>
void fields(IO& io, Is<MemberDraining> auto& m) {
  io.number(m.member_id);
}

// Makes `change` the alternative of that number and reads it.
template <std::size_t... I>
void read_alternative(ByteReader& io, Change& change, std::size_t number, std::index_sequence<I...>) {
  const bool known = ((number == I + 1 && (fields(io, change.emplace<I>()), true)) || ...);
  io.check(known, "unknown kind of change");
}

void fields(ByteReader& io, Change& change) {
  std::uint8_t number = 0;
  io.number(number);
  read_alternative(io, change, number, std::make_index_sequence<std::variant_size_v<Change>>());
}
void fields(ByteWriter& io, const Change& change) {
  io.number(static_cast<std::uint8_t>(change.index() + 1));
  std::visit([&](const auto& alternative) { fields(io, alternative); }, change);
}

template <typename IO>
void fields(IO& io, Is<Delta> auto& m) {
  io.number(m.first_sequence);
  io.number(m.flags);
  io.list(m.descriptors, kMaxDescriptors, 13);
  io.list(m.changes, kMaxChanges, 5);
}

template <typename IO>
void fields(IO& io, Is<Describe::Item> auto& m) {
  io.number(m.member_id);
  io.number(m.callback_id);
}
template <typename IO>
void fields(IO& io, Is<Describe> auto& m) {
  io.list(m.items, kMaxDescribed, 8);
}
template <typename IO>
void fields(IO& io, Is<Described::Item> auto& m) {
  io.number(m.member_id);
  io.number(m.callback_id);
  io.text(m.doc, kMaxDocText);
}
template <typename IO>
void fields(IO& io, Is<Described> auto& m) {
  io.list(m.items, kMaxDescribed, 10);
}

template std::vector<std::byte> encode<Snapshot>(const Snapshot&);
template std::vector<std::byte> encode<Delta>(const Delta&);
template std::vector<std::byte> encode<Describe>(const Describe&);
template std::vector<std::byte> encode<Described>(const Described&);
template base::Result<Snapshot> decode<Snapshot>(base::Bytes);
template base::Result<Delta> decode<Delta>(base::Bytes);
template base::Result<Describe> decode<Describe>(base::Bytes);
template base::Result<Described> decode<Described>(base::Bytes);

}  // namespace daffi::wire
