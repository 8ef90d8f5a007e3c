/// @file  What stands in front of a call's arguments, and how calls fail: error, bounce, refuse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/limits.hpp"

namespace daffi::wire {

/// The first 16 bytes of a call's payload; the arguments follow. Value.
struct CallHead {
  static constexpr std::uint32_t kNoLimit = 0xFFFFFFFF;
  static constexpr std::uint32_t kNoReply = 1;      ///< flag: the caller wants neither result nor error
  static constexpr std::uint32_t kWantsStream = 2;  ///< flag: the caller is ready for items instead of one result
  static constexpr std::uint32_t kTakesItems = 4;  ///< flag: the arguments come as items, one call of the callback each

  std::uint32_t callback_id = 0;
  std::uint32_t remaining_ms = kNoLimit;  ///< time the caller still waits
  std::uint32_t flags = 0;
  std::uint32_t zero = 0;  ///< must be 0

  bool operator==(const CallHead&) const = default;
};
inline constexpr std::size_t kCallHeadSize = 16;
static_assert(sizeof(CallHead) == kCallHeadSize && std::is_trivially_copyable_v<CallHead>);

inline void encode_call_head(const CallHead& head, std::span<std::byte, kCallHeadSize> out) {
  std::memcpy(out.data(), &head, kCallHeadSize);
}

/// Nothing when the payload is too short or the reserved field is set. Threads: any.
inline std::optional<CallHead> decode_call_head(base::Bytes payload) {
  CallHead head;
  if (payload.size() < kCallHeadSize) return std::nullopt;
  std::memcpy(&head, payload.data(), kCallHeadSize);
  if (head.zero != 0) return std::nullopt;
  return head;
}

/// What stands in the place of a value that follows in chunks: its length.
inline constexpr std::size_t kTotalSize = 8;
inline void encode_total(std::uint64_t total, std::span<std::byte, kTotalSize> out) {
  std::memcpy(out.data(), &total, kTotalSize);
}
/// Nothing when it is not exactly that. Threads: any.
inline std::optional<std::uint64_t> decode_total(base::Bytes bytes) {
  std::uint64_t total = 0;
  if (bytes.size() != kTotalSize) return std::nullopt;
  std::memcpy(&total, bytes.data(), kTotalSize);
  return total;
}

/// The payload of an error frame. Texts beyond their limits are cut; of a trace the end is kept. Threads: any.
std::vector<std::byte> encode_error(const base::Failure& failure);

/// The error a peer reports. Value.
struct ReportedError {
  base::Failure failure;  ///< a number that is not in our table stays as it is
};
/// Errors: protocol.
base::Result<ReportedError> decode_error(base::Bytes payload);

/// A call that was not run, as it comes back in a bounce or a refusal. Value; refers to the payload.
struct Returned {
  ErrorCode code = ErrorCode::busy;
  std::string text;
  base::Bytes call;  ///< the call's payload, unchanged: ready to be sent to somebody else
};

/// What stands in front of the returned call's payload. Threads: any.
std::vector<std::byte> encode_return_head(ErrorCode code, std::string_view text);
/// Errors: protocol.
base::Result<Returned> decode_returned(base::Bytes payload);

}  // namespace daffi::wire
