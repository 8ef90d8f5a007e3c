/// @file  Header: the 24 bytes in front of every frame.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.hpp"
#include "wire/frame_kind.hpp"

namespace daffi::wire {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian, and so is every supported host");

inline constexpr std::size_t kHeaderSize = 24;
/// What may follow a header. Anything larger travels as a credited transfer of several frames.
inline constexpr std::uint32_t kMaxFramePayload = 256 * 1024;
/// The member id of the controller itself.
inline constexpr std::uint32_t kControllerMember = 0;

/// Header flag of item, end, chunk, credit: sent by the callee, so that the id is one that the receiver gave.
inline constexpr std::uint8_t kFromCallee = 1;
/// Header flag of call, result: only the announcement of a value; its bytes follow in chunk frames.
inline constexpr std::uint8_t kChunked = 2;
/// Header flag of item: a part, the same item goes on in the next item frame of its exchange.
inline constexpr std::uint8_t kPart = 4;
/// Header flag of chunk: what has been used up is to be credited now, though it be little.
inline constexpr std::uint8_t kAsksCredit = 8;
/// Header flag of chunk: its bytes are in memory that was offered before, the payload says where. Of credit: memory
/// that was offered is read from.
inline constexpr std::uint8_t kShared = 16;
/// Header flag of chunk: in front of its bytes stands where memory of its sender's is that others may read.
inline constexpr std::uint8_t kOffersMemory = 32;

/// Bulk frames may be held back behind all others, at every hop, and keep their order among themselves. Threads: any.
constexpr bool is_bulk(FrameKind kind) {
  return kind == FrameKind::item || kind == FrameKind::end || kind == FrameKind::chunk;
}

/// Value. In memory in the order of the wire:
///   0 u32 size | 4 u8 kind | 5 u8 flags | 6 u16 zero | 8 u32 epoch | 12 u32 member | 16 u64 id
struct Header {
  std::uint32_t size = 0;  ///< payload bytes that follow
  FrameKind kind = FrameKind::ping;
  std::uint8_t flags = 0;
  std::uint16_t zero = 0;    ///< must be 0
  std::uint32_t epoch = 0;   ///< the controller's, 0 before welcome
  std::uint32_t member = 0;  ///< destination when a node sends, source when it receives; 0 is the controller
  std::uint64_t id = 0;      ///< chosen by whoever began the exchange; its answers carry it back

  bool operator==(const Header&) const = default;
};
static_assert(sizeof(Header) == kHeaderSize && std::is_trivially_copyable_v<Header>);

/// Threads: any.
inline void encode_header(const Header& header, std::span<std::byte, kHeaderSize> out) {
  std::memcpy(out.data(), &header, kHeaderSize);
}

/// Believes the bytes: size, kind and zero are for the caller to check, as FrameReader does. Threads: any.
inline Header decode_header(std::span<const std::byte, kHeaderSize> bytes) {
  Header header;
  std::memcpy(&header, bytes.data(), kHeaderSize);
  return header;
}

/// Overwrites the member of an encoded frame: how the controller turns destination into source. Threads: as the block.
inline void patch_member(std::byte* frame, std::uint32_t member) { std::memcpy(frame + 12, &member, sizeof member); }

/// Overwrites the epoch of an encoded frame.
inline void patch_epoch(std::byte* frame, std::uint32_t epoch) { std::memcpy(frame + 8, &epoch, sizeof epoch); }

}  // namespace daffi::wire
