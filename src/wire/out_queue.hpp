/// @file  OutQueue: frames that wait to be written, gathered into as few pieces as possible.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "wire/header.hpp"

namespace daffi::wire {

/// A queue of bytes. Small appends are copied next to each other, so that hundreds of frames leave as one piece; large
/// slices are referred to. Allocates nothing in the steady state, and keeps at most one chunk when empty.
/// Strand: whoever holds the lock around it. While a write of gathered pieces is under way without the lock, others may
/// append(); consume(), clear() and shrink() are for the writer.
class OutQueue {
 public:
  /// Slices from this size on are referred to instead of copied.
  static constexpr std::size_t kReferFrom = 8 * 1024;

  OutQueue() = default;
  OutQueue(const OutQueue&) = delete;
  OutQueue& operator=(const OutQueue&) = delete;

  /// Copies.
  void append(base::Bytes bytes);
  /// Copies when small; else keeps the slice's owner until written. Slices that continue each other become one piece.
  void append(const base::Slice& slice) { append(slice.owner, slice.bytes); }
  /// The same, without a Slice in between, whose count would be touched for nothing when the bytes are copied.
  void append(const base::Block& owner, base::Bytes bytes);
  void append_frame(const Header& header, base::Bytes payload);
  void append_frame(const Header& header, const base::Slice& payload);

  /// Describes the front of the queue for writev; returns how many pieces were filled in. They stay valid until they
  /// are consumed.
  std::size_t gather(std::span<iovec> pieces) const;
  /// The same for a part of the queue: at most `limit` bytes, behind the first `skip`.
  std::size_t gather(std::span<iovec> pieces, std::size_t skip, std::size_t limit) const;
  /// `count` bytes of the front have been written.
  void consume(std::size_t count);

  /// Copies what waits of the memory that `owner` keeps, so that it is not referred to any more.
  void copy_pieces_of(const std::shared_ptr<const void>& owner);

  std::size_t bytes() const { return bytes_; }
  bool empty() const { return bytes_ == 0; }
  /// Drops everything.
  void clear();
  /// Gives the spare chunk back if the queue is empty: for a connection that falls idle.
  void shrink();

 private:
  struct Piece {
    base::Block owner;
    std::byte* data;
    std::size_t size;
  };

  void refer(base::Block owner, std::byte* data, std::size_t size);
  void reset_if_drained();

  std::vector<Piece> pieces_;  // [head_, size()) are waiting
  std::size_t head_ = 0;
  std::size_t bytes_ = 0;
  base::Block chunk_;  // small appends go here
  std::size_t chunk_used_ = 0;
};

}  // namespace daffi::wire
