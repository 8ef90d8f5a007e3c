/// @file  Walking over the frames in gathered pieces.
#include "controller/unsent.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace daffi::controller {
namespace {

// Reads forward over pieces as if they were one.
class Walker {
 public:
  explicit Walker(std::span<const iovec> pieces) : pieces_(pieces) {}

  std::size_t position() const { return position_; }
  // False when the pieces end before `into` is full.
  bool copy(base::MutableBytes into) {
    while (!into.empty()) {
      const std::size_t part = std::min(into.size(), left_here());
      if (part == 0) return false;
      std::memcpy(into.data(), static_cast<const std::byte*>(pieces_.front().iov_base) + offset_, part);
      advance(part);
      into = into.subspan(part);
    }
    return true;
  }
  bool skip(std::size_t count) {
    while (count > 0) {
      const std::size_t part = std::min(count, left_here());
      if (part == 0) return false;
      advance(part);
      count -= part;
    }
    return true;
  }
  bool header(wire::Header& header) {
    std::array<std::byte, wire::kHeaderSize> bytes;
    if (!copy(bytes)) return false;
    header = wire::decode_header(bytes);
    return true;
  }

 private:
  std::size_t left_here() {
    while (!pieces_.empty() && offset_ == pieces_.front().iov_len) {
      pieces_ = pieces_.subspan(1);
      offset_ = 0;
    }
    return pieces_.empty() ? 0 : pieces_.front().iov_len - offset_;
  }
  void advance(std::size_t count) {
    offset_ += count;
    position_ += count;
  }

  std::span<const iovec> pieces_;
  std::size_t offset_ = 0;    // in the first piece
  std::size_t position_ = 0;  // over all
};

std::vector<iovec> all_pieces(const wire::OutQueue& queue) {
  std::vector<iovec> pieces(16);
  for (;;) {
    const std::size_t count = queue.gather(pieces);
    if (count < pieces.size()) {
      pieces.resize(count);
      return pieces;
    }
    pieces.resize(pieces.size() * 2);
  }
}

}  // namespace

std::size_t rest_after(std::span<const iovec> pieces, std::size_t front_rest, std::size_t written) {
  if (written <= front_rest) return front_rest - written;
  Walker walker(pieces);
  walker.skip(front_rest);
  wire::Header header;
  std::size_t end = front_rest;
  while (end < written && walker.header(header)) {
    end += wire::kHeaderSize + header.size;
    if (!walker.skip(header.size)) break;
  }
  return end - written;
}

std::vector<UnsentFrame> unsent_calls(const wire::OutQueue& queue, std::size_t front_rest) {
  const std::vector<iovec> pieces = all_pieces(queue);
  Walker walker(pieces);
  std::vector<UnsentFrame> calls;
  if (!walker.skip(front_rest)) return calls;
  wire::Header header;
  while (walker.header(header)) {
    if (header.kind != wire::FrameKind::call) {
      if (!walker.skip(header.size)) return calls;
      continue;
    }
    base::Slice payload;
    if (header.size > 0) {
      payload.owner = base::make_block(header.size);
      payload.bytes = base::Bytes(payload.owner.get(), header.size);
      if (!walker.copy({payload.owner.get(), header.size})) return calls;
    }
    calls.push_back({header, std::move(payload)});
  }
  return calls;
}

}  // namespace daffi::controller
