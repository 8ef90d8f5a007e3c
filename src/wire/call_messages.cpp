/// @file  Layouts of errors and of returned calls.
#include "wire/call_messages.hpp"

#include <utility>

#include "wire/byte_io.hpp"
#include "wire/message_codec.hpp"

namespace daffi::wire {
namespace {

// The end of a trace says where it happened; the beginning is what can be spared.
std::string_view end_of(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  text.remove_prefix(text.size() - limit);
  while (!text.empty() && (static_cast<unsigned char>(text.front()) & 0xC0) == 0x80) text.remove_prefix(1);
  return text;
}

}  // namespace

std::vector<std::byte> encode_error(const base::Failure& failure) {
  ByteWriter writer;
  writer.number(failure.code);
  writer.text(failure.message, kMaxErrorMessage);
  const bool data =
      failure.remote != nullptr && !failure.remote->data.empty() && failure.remote->data.size() <= kMaxErrorData;
  writer.number(static_cast<std::uint8_t>(failure.remote == nullptr ? 0 : data ? 2 : 1));
  if (failure.remote != nullptr) {
    writer.text(failure.remote->type, kMaxErrorType);
    writer.text(failure.remote->message, kMaxErrorMessage);
    writer.text(end_of(failure.remote->trace, kMaxErrorTrace), kMaxErrorTrace);
    writer.text(failure.remote->language, kMaxLanguage);
    writer.text(failure.remote->process, kMaxProcessName);
    if (data) writer.bytes(base::as_bytes(failure.remote->data));
  }
  return writer.take();
}

base::Result<ReportedError> decode_error(base::Bytes payload) {
  ByteReader reader(payload);
  ReportedError error;
  base::Failure& failure = error.failure;
  reader.number(failure.code);
  reader.text(failure.message, kMaxErrorMessage);
  std::uint8_t raised = 0;
  reader.number(raised);
  reader.check(raised <= 2, "an account of an exception is of an unknown kind");
  if (raised != 0 && reader.ok()) {
    RemoteException remote;
    reader.text(remote.type, kMaxErrorType);
    reader.text(remote.message, kMaxErrorMessage);
    reader.text(remote.trace, kMaxErrorTrace);
    reader.text(remote.language, kMaxLanguage);
    reader.text(remote.process, kMaxProcessName);
    if (raised == 2) {
      const base::Bytes data = reader.rest();
      reader.check(!data.empty() && data.size() <= kMaxErrorData, "an exception's data is missing or too long");
      remote.data.assign(reinterpret_cast<const char*>(data.data()), data.size());
    }
    failure.remote = std::make_shared<const RemoteException>(std::move(remote));
  }
  reader.check(reader.at_end(), "it goes on after its end");
  if (!reader.ok()) return bad_message("error", reader);
  return error;
}

std::vector<std::byte> encode_return_head(ErrorCode code, std::string_view text) {
  ByteWriter writer;
  writer.number(code);
  writer.text(text, kMaxReturnText);
  return writer.take();
}

base::Result<Returned> decode_returned(base::Bytes payload) {
  ByteReader reader(payload);
  Returned returned;
  reader.number(returned.code);
  reader.text(returned.text, kMaxReturnText);
  if (reader.ok()) returned.call = reader.rest();
  if (!reader.ok()) return bad_message("returned call", reader);
  return returned;
}

void append_returned(OutQueue& out, Header header, ErrorCode code, std::string_view text, const base::Slice& call) {
  const std::vector<std::byte> head = encode_return_head(code, text);
  header.size = static_cast<std::uint32_t>(head.size() + call.bytes.size());
  out.append_frame(header, base::Bytes(head));
  out.append(call);
}

}  // namespace daffi::wire
