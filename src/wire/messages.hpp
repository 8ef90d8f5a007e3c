/// @file  Encoding and decoding of all control messages.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/broadcast_messages.hpp"
#include "wire/call_messages.hpp"
#include "wire/directory_messages.hpp"
#include "wire/handshake_messages.hpp"
#include "wire/header.hpp"
#include "wire/limits.hpp"
#include "wire/out_queue.hpp"

namespace daffi::wire {

/// The payload of a message: Hello, Challenge, Proof, Welcome, Close, Register, Snapshot, Delta, Describe, Described,
/// SentTo; /// Descriptor too, as the key by which equal ones are found. Texts beyond their limits are cut; whether the
/// whole fits into a frame is for the caller to check. Threads: any.
template <typename M>
std::vector<std::byte> encode(const M& message);

/// The message in a payload. Errors: protocol, saying what is wrong and where. What was decoded encodes back to the
/// same bytes, except that Hello and Challenge may be followed by fields of a later minor version. Threads: any.
template <typename M>
base::Result<M> decode(base::Bytes payload);

/// Queues a message as one frame; `header` gives all but size and kind.
template <typename M>
void append_message(OutQueue& out, Header header, const M& message) {
  const std::vector<std::byte> payload = encode(message);
  header.size = static_cast<std::uint32_t>(payload.size());
  header.kind = M::kKind;
  out.append_frame(header, base::Bytes(payload));
}

/// Queues a bounce or a refusal of a call: `header` is the answer's (kind, member, id), `call` the call's payload.
void append_returned(OutQueue& out, Header header, ErrorCode code, std::string_view text, const base::Slice& call);

}  // namespace daffi::wire
