/// @file  FrameReader: bytes as the network cuts them in, whole frames out, without copying them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/header.hpp"

namespace daffi::wire {

/// A frame where it was received. Valid until the reader's next space(), skip() or destruction, or as long as a copy
/// of owner() is kept. Value.
struct Frame {
  Header header;
  std::byte* raw;  ///< the header in the block; header.size bytes of payload follow it
  base::Bytes payload;

  /// Header and payload, as received and patched.
  base::Bytes whole() const { return {raw, kHeaderSize + payload.size()}; }
};

/// Turns a byte stream into frames. Use: read into space(), say filled(n), take next() until it is empty, repeat.
/// Where the network cuts the bytes never changes the frames. Each header is checked before anything is done for it;
/// after the first broken one every next() fails in the same way.
/// Strand: whoever holds the right to read; the slices handed out may go to any thread.
class FrameReader {
 public:
  explicit FrameReader(std::uint32_t max_payload = kMaxFramePayload) : max_payload_(max_payload) {}
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  /// Lower while the peer is unknown (then also less memory is taken), at most kMaxFramePayload.
  void set_max_payload(std::uint32_t max_payload) { max_payload_ = max_payload; }

  /// Where to read into; never empty after next() has come back empty. Invalidates frames whose owner was not kept.
  base::MutableBytes space();
  /// `count` bytes of space() have been filled.
  void filled(std::size_t count) { end_ += count; }

  /// The next whole frame, nullopt when more bytes are needed. Errors: protocol (unknown kind, reserved bits set),
  /// too_large (above the limit).
  base::Result<std::optional<Frame>> next();

  /// Keeps what next() returned alive, as long as it is held.
  const base::Block& owner() const { return block_; }

  /// The bytes not yet taken as frames: for what precedes the first frame.
  base::Bytes unparsed() const { return {block_.get() + begin_, end_ - begin_}; }
  /// Takes `count` of the unparsed bytes away.
  void skip(std::size_t count) { begin_ += count; }

  /// Gives the memory back when no part of a frame is waiting in it, so that an idle connection costs none.
  void release_if_empty();

 private:
  std::size_t wanted() const;
  base::Failure broken(const Header& header) const;

  base::Block block_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // first byte not yet parsed
  std::size_t end_ = 0;    // one past the last byte received
  std::uint32_t max_payload_;
};

inline base::Result<std::optional<Frame>> FrameReader::next() {
  if (end_ - begin_ < kHeaderSize) return std::optional<Frame>();
  std::byte* raw = block_.get() + begin_;
  const Header header = decode_header(std::span<const std::byte, kHeaderSize>(raw, kHeaderSize));
  if (header.size > max_payload_ || header.zero != 0 || !is_known(header.kind)) [[unlikely]]
    return broken(header);
  if (end_ - begin_ < kHeaderSize + header.size) return std::optional<Frame>();
  begin_ += kHeaderSize + header.size;
  return std::optional<Frame>(Frame{header, raw, base::Bytes(raw + kHeaderSize, header.size)});
}

}  // namespace daffi::wire
