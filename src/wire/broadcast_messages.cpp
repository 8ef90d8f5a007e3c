/// @file  Layouts of broadcast and sent-to.
#include "wire/broadcast_messages.hpp"

#include "wire/byte_io.hpp"
#include "wire/descriptor_fields.hpp"
#include "wire/message_codec.hpp"

namespace daffi::wire {

std::vector<std::byte> encode_broadcast_head(std::string_view name) {
  ByteWriter writer;
  writer.text(name, kMaxCallbackName);
  return writer.take();
}

base::Result<Broadcast> decode_broadcast(base::Bytes payload) {
  ByteReader reader(payload);
  Broadcast broadcast;
  reader.text(broadcast.name, kMaxCallbackName);
  if (!reader.ok()) return bad_message("broadcast", reader);
  const base::Bytes call = reader.rest();
  if (call.size() > kMaxCallPayload) return base::fail(ErrorCode::protocol, "bad broadcast: its call is too long");
  const auto head = decode_call_head(call);
  if (!head) return base::fail(ErrorCode::protocol, "bad broadcast: its call has no proper head");
  if (head->callback_id != 0) return base::fail(ErrorCode::protocol, "bad broadcast: it names a callback id");
  broadcast.head = *head;
  broadcast.arguments = call.subspan(kCallHeadSize);
  return broadcast;
}

template <typename IO>
void fields(IO& io, Is<SentTo> auto& m) {
  io.list(m.members, kMaxMembers, 4);
}

template std::vector<std::byte> encode<SentTo>(const SentTo&);
template base::Result<SentTo> decode<SentTo>(base::Bytes);

}  // namespace daffi::wire
