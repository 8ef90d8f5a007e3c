/// @file  The memory of a FrameReader.
#include "wire/parser.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/block_pool.hpp"

namespace daffi::wire {
namespace {

// Reads of less than this are not worth a system call each.
constexpr std::size_t kMinRead = 16 * 1024;
constexpr std::size_t kBlockSize = kHeaderSize + kMaxFramePayload + kMinRead;
constexpr std::size_t kSmallBlock = 4 * 1024;
constexpr std::size_t kFreeBlocks = 16;

base::BlockPool& pool() {
  static auto* const blocks =
      base::BlockPool::for_the_process(kBlockSize, kFreeBlocks);  // outlives every thread that reads
  return *blocks;
}

}  // namespace

// How many bytes the frame at hand has in all, as far as is known.
std::size_t FrameReader::wanted() const {
  if (end_ - begin_ < kHeaderSize) return kHeaderSize;
  const auto header = decode_header(std::span<const std::byte, kHeaderSize>(block_.get() + begin_, kHeaderSize));
  return kHeaderSize + std::min(header.size, max_payload_);
}

base::MutableBytes FrameReader::space() {
  const std::size_t tail = end_ - begin_;
  if (tail == 0 && begin_ > 0 && base::sole_owner(block_)) begin_ = end_ = 0;
  // An unknown peer gets little memory before it has sent much.
  const bool small = max_payload_ < kMaxFramePayload;
  const std::size_t whole = std::max(wanted(), tail + 1);
  const std::size_t room = small ? whole - tail : std::max(kMinRead, whole - tail);
  if (capacity_ - end_ >= room) return {block_.get() + end_, capacity_ - end_};

  if (capacity_ >= tail + room && base::sole_owner(block_)) {
    std::memmove(block_.get(), block_.get() + begin_, tail);
  } else {
    const std::size_t size = small ? std::max(kSmallBlock, tail + room) : std::max(kBlockSize, tail + room);
    base::Block fresh = size == kBlockSize ? pool().take() : base::make_block(size);
    if (tail > 0) std::memcpy(fresh.get(), block_.get() + begin_, tail);
    block_ = std::move(fresh);
    capacity_ = size;
  }
  begin_ = 0;
  end_ = tail;
  return {block_.get() + end_, capacity_ - end_};
}

void FrameReader::release_if_empty() {
  if (begin_ != end_) return;
  block_ = nullptr;
  capacity_ = begin_ = end_ = 0;
}

base::Failure FrameReader::broken(const Header& header) const {
  if (header.zero != 0) return base::fail(ErrorCode::protocol, "reserved bits of a frame header are set");
  if (!is_known(header.kind)) {
    return base::fail(ErrorCode::protocol, "unknown frame kind " + std::to_string(static_cast<unsigned>(header.kind)));
  }
  return base::fail(ErrorCode::too_large, "a frame of " + std::to_string(header.size) + " bytes, the limit is " +
                                              std::to_string(max_payload_));
}

}  // namespace daffi::wire
