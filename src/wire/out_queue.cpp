/// @file  Copying small frames together, referring to large ones.
#include "wire/out_queue.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "base/block_pool.hpp"

namespace daffi::wire {
namespace {

constexpr std::size_t kChunkSize = 32 * 1024;
constexpr std::size_t kFreeChunks = 64;
// Consumed entries are moved out of the way once there are this many of them.
constexpr std::size_t kCompactFrom = 64;
// A burst may make the list long; beyond this it is not kept.
constexpr std::size_t kKeptPieces = 1024;

base::BlockPool& pool() {
  static auto* const chunks =
      base::BlockPool::for_the_process(kChunkSize, kFreeChunks);  // outlives every thread that writes
  return *chunks;
}

}  // namespace

void OutQueue::append(base::Bytes bytes) {
  while (!bytes.empty()) {
    if (chunk_ == nullptr || chunk_used_ == kChunkSize) {
      chunk_ = pool().take();
      chunk_used_ = 0;
    }
    const std::size_t part = std::min(bytes.size(), kChunkSize - chunk_used_);
    std::byte* to = chunk_.get() + chunk_used_;
    std::memcpy(to, bytes.data(), part);
    chunk_used_ += part;
    // The usual case: behind the last piece, with no count to touch.
    if (head_ < pieces_.size() && pieces_.back().data + pieces_.back().size == to && pieces_.back().owner == chunk_) {
      pieces_.back().size += part;
      bytes_ += part;
    } else {
      refer(chunk_, to, part);
    }
    bytes = bytes.subspan(part);
  }
}

void OutQueue::append(const base::Block& owner, base::Bytes bytes) {
  if (bytes.empty()) return;
  // Only read through: pieces are never written to once they are queued.
  auto* data = const_cast<std::byte*>(bytes.data());
  if (head_ < pieces_.size() && pieces_.back().data + pieces_.back().size == data && pieces_.back().owner == owner) {
    pieces_.back().size += bytes.size();
    bytes_ += bytes.size();
  } else if (bytes.size() < kReferFrom) {
    append(bytes);
  } else {
    refer(owner, data, bytes.size());
  }
}

void OutQueue::append_frame(const Header& header, base::Bytes payload) {
  std::array<std::byte, kHeaderSize> encoded;
  encode_header(header, encoded);
  append(encoded);
  append(payload);
}

void OutQueue::append_frame(const Header& header, const base::Slice& payload) {
  std::array<std::byte, kHeaderSize> encoded;
  encode_header(header, encoded);
  append(encoded);
  append(payload);
}

void OutQueue::refer(base::Block owner, std::byte* data, std::size_t size) {
  pieces_.push_back({std::move(owner), data, size});
  bytes_ += size;
}

std::size_t OutQueue::gather(std::span<iovec> pieces) const {
  const std::size_t count = std::min(pieces.size(), pieces_.size() - head_);
  for (std::size_t i = 0; i < count; ++i) {
    pieces[i] = {.iov_base = pieces_[head_ + i].data, .iov_len = pieces_[head_ + i].size};
  }
  return count;
}

std::size_t OutQueue::gather(std::span<iovec> pieces, std::size_t skip, std::size_t limit) const {
  std::size_t count = 0;
  for (std::size_t i = head_; i < pieces_.size() && count < pieces.size() && limit > 0; ++i) {
    const Piece& piece = pieces_[i];
    if (skip >= piece.size) {
      skip -= piece.size;
      continue;
    }
    const std::size_t part = std::min(piece.size - skip, limit);
    pieces[count++] = {.iov_base = piece.data + skip, .iov_len = part};
    skip = 0;
    limit -= part;
  }
  return count;
}

void OutQueue::consume(std::size_t count) {
  assert(count <= bytes_);
  bytes_ -= count;
  while (count > 0) {
    Piece& front = pieces_[head_];
    const std::size_t part = std::min(count, front.size);
    front.data += part;
    front.size -= part;
    count -= part;
    if (front.size == 0) {
      front.owner = nullptr;
      ++head_;
    }
  }
  if (bytes_ == 0) {
    reset_if_drained();
  } else if (head_ >= kCompactFrom && head_ * 2 >= pieces_.size()) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void OutQueue::copy_pieces_of(const std::shared_ptr<const void>& owner) {
  for (std::size_t i = head_; i < pieces_.size(); ++i) {
    Piece& piece = pieces_[i];
    if (piece.owner.owner_before(owner) || owner.owner_before(piece.owner)) continue;
    base::Slice copy = base::Slice::copy({piece.data, piece.size});
    piece.data = copy.owner.get();
    piece.owner = std::move(copy.owner);
  }
}

// With nothing queued nobody refers to the chunk, so it is filled from its start again.
void OutQueue::reset_if_drained() {
  pieces_.clear();
  if (pieces_.capacity() > kKeptPieces) pieces_.shrink_to_fit();
  head_ = 0;
  chunk_used_ = 0;
}

void OutQueue::clear() {
  bytes_ = 0;
  reset_if_drained();
}

void OutQueue::shrink() {
  if (!empty()) return;
  chunk_ = nullptr;
  chunk_used_ = 0;
  std::vector<Piece>().swap(pieces_);
  head_ = 0;
}

}  // namespace daffi::wire
