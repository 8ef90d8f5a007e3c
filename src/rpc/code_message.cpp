/// @file  CodeMessage to bytes and back.
#include "rpc/code_message.hpp"

#include <algorithm>

namespace daffi::rpc {
namespace {

constexpr std::size_t kParts = 6;

bool read_hash(Reader& reader, base::Sha256& hash) {
  base::Bytes bytes;
  if (!reader.read_binary(bytes)) return false;
  if (bytes.size() != hash.size()) return reader.fail("a hash of " + std::to_string(bytes.size()) + " bytes");
  std::ranges::copy(bytes, hash.begin());
  return true;
}

// A list and a map, one behind the other.
bool read_inner(Reader& reader, base::Bytes& arguments) {
  base::Bytes list, map;
  if (reader.peek() != Kind::array || !reader.read_raw(list)) return reader.fail_expected("list");
  if (reader.peek() != Kind::map || !reader.read_raw(map)) return reader.fail_expected("dict");
  arguments = {list.data(), list.size() + map.size()};
  return true;
}

bool read_code(Reader& reader, std::optional<base::Bytes>& code) {
  if (reader.peek() == Kind::nil) return reader.read_nil();
  base::Bytes bytes;
  if (!reader.read_binary(bytes)) return false;
  code = bytes;
  return true;
}

bool read_parts(Reader& reader, CodeMessage& message) {
  std::size_t parts = 0, keywords = 0;
  if (!reader.read_array(parts)) return false;
  if (parts != kParts) return reader.fail_count(kParts, parts);
  return reader.read_text(message.kind) && read_hash(reader, message.hash) && reader.read_text(message.function) &&
         read_inner(reader, message.arguments) && read_code(reader, message.code) && reader.read_map(keywords) &&
         (keywords == 0 || reader.fail("keywords where there are none")) && reader.expect_end();
}

}  // namespace

void write_code_message(Writer& writer, const CodeMessage& message) {
  writer.array(kParts);
  writer.text(message.kind);
  writer.binary(message.hash);
  writer.text(message.function);
  writer.raw(message.arguments);
  if (message.code) {
    writer.binary(*message.code);
  } else {
    writer.nil();
  }
  writer.map(0);
}

base::Result<CodeMessage> read_code_message(Reader& reader) {
  CodeMessage message;
  if (read_parts(reader, message)) return message;
  return base::fail(ErrorCode::malformed, "a request to run code that cannot be read: " + reader.error());
}

}  // namespace daffi::rpc
