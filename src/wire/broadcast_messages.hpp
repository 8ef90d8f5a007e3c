/// @file  The two frames of a broadcast: a call by name, and whom the controller sent it to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/call_messages.hpp"
#include "wire/frame_kind.hpp"

namespace daffi::wire {

/// A call by name, to every other member that holds the callback. Value; refers to the payload.
struct Broadcast {
  std::string name;
  CallHead head;  ///< its callback id is 0: each member's own takes that place
  base::Bytes arguments;
};

/// What stands in front of the call's payload. Threads: any.
std::vector<std::byte> encode_broadcast_head(std::string_view name);
/// Errors: protocol; also for a call that is longer than a call may be.
base::Result<Broadcast> decode_broadcast(base::Bytes payload);

/// Answers a broadcast under its id: the members that answer it now, each as it would any call. Value.
struct SentTo {
  static constexpr FrameKind kKind = FrameKind::sent_to;

  std::vector<std::uint32_t> members{};

  bool operator==(const SentTo&) const = default;
};

}  // namespace daffi::wire
