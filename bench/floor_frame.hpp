/// @file  The floor's frame: a header as large as the real one, and nothing in it but what a relay needs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bench {

/// Threads: Value. Stands before each payload, in the machine's own byte order: floor processes share one machine.
struct FloorHeader {
  std::uint32_t length;  ///< of the whole frame, header included
  std::uint32_t to;      ///< the receiving member
  std::uint32_t from;    ///< the sending member
  std::uint32_t kind;    ///< request or reply; the relay does not look
  std::uint64_t id;      ///< the caller's own number for the call
};
static_assert(sizeof(FloorHeader) == 24, "as large as the header of the real protocol");

inline constexpr std::uint32_t floor_caller_id = 1;
inline constexpr std::uint32_t floor_callee_id = 2;              ///< the first one's, the others' follow
inline constexpr std::uint32_t floor_every_callee = 0xFFFFFFFF;  ///< in `to`: the relay sends a copy to each
inline constexpr std::uint32_t floor_request = 1;
inline constexpr std::uint32_t floor_reply = 2;
inline constexpr std::uint32_t floor_burst = 4;  ///< asks for floor_burst_items() replies like itself
inline constexpr std::uint32_t floor_hello = 3;  ///< the first frame of a connection: tells the relay who it is

/// Items of one burst: of large ones so many that the sockets on the way hold them.
constexpr std::size_t floor_burst_items(std::size_t payload) {
  return std::clamp<std::size_t>((std::size_t{128} << 10) / (payload + 1), 1, 256);
}

/// The largest frame that any floor process accepts: a read buffer always has room for one more.
inline constexpr std::size_t floor_max_frame = 256 * 1024 + sizeof(FloorHeader);
inline constexpr std::size_t floor_buffer_size = 2 * floor_max_frame;

/// Copies, because frames lie at any alignment in a read buffer; the compiler makes plain loads of it.
inline FloorHeader load_header(const std::byte* at) {
  FloorHeader header;
  std::memcpy(&header, at, sizeof header);
  return header;
}

inline void store_header(std::byte* at, const FloorHeader& header) { std::memcpy(at, &header, sizeof header); }

}  // namespace bench
