/// @file  Bodies of encode and decode. Only for the .cpp files of wire, which instantiate them.
#pragma once

#include <string>

#include "wire/byte_io.hpp"
#include "wire/messages.hpp"

namespace daffi::wire {

/// True when later minor versions may append fields to a message.
template <typename M>
inline constexpr bool kMayGrow = std::same_as<M, Hello> || std::same_as<M, Challenge>;

template <typename M>
std::vector<std::byte> encode(const M& message) {
  ByteWriter writer;
  fields(writer, message);
  return writer.take();
}

/// The failure of a broken message, in words.
inline base::Failure bad_message(std::string_view name, const ByteReader& reader) {
  return base::fail(ErrorCode::protocol, "bad " + std::string(name) + ": " + reader.error());
}

template <typename M>
base::Result<M> decode(base::Bytes payload) {
  ByteReader reader(payload);
  M message;
  fields(reader, message);
  if (!kMayGrow<M>) reader.check(reader.at_end(), "it goes on after its end");
  if (!reader.ok()) return bad_message(to_string(M::kKind), reader);
  return message;
}

}  // namespace daffi::wire
