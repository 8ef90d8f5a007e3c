/// @file  Cutting a value.
#include "rpc/chunk_sender.hpp"

#include <algorithm>

#include "base/large_memory.hpp"

namespace daffi::rpc {

base::Slice LargeValue::whole() const {
  if (pieces.size() == 1) return pieces.front();
  if (pieces.empty()) return {};
  const base::Block block = base::make_block(size);
  std::byte* to = block.get();
  for (const base::Slice& piece : pieces) to = base::copy_to(to, piece.bytes);
  return {block, base::Bytes(block.get(), size)};
}

LargeValue take_over(Writer& writer) {
  LargeValue value{.pieces = {}, .size = writer.size(), .lender = nullptr};
  const auto lent = writer.release_lent();
  const std::size_t headroom = writer.headroom();
  const std::size_t copied = writer.size();
  Writer::Memory memory = writer.release();
  const auto give_back = [capacity = memory.capacity](std::byte* done) { base::give_memory(done, capacity); };
  const base::Block own(memory.bytes.release(), give_back);
  std::size_t at = 0;
  const auto add_own = [&](std::size_t until) {
    if (until > at) value.pieces.push_back({own, base::Bytes(own.get() + headroom + at, until - at)});
    at = until;
  };
  for (const Writer::Lent& part : lent) {
    add_own(part.at);
    if (!part.owner && !value.lender) value.lender = std::make_shared<char>();
    // Only read through, as all that is on its way out.
    auto* const bytes = const_cast<std::byte*>(part.bytes.data());
    const auto keep = std::const_pointer_cast<void>(part.owner ? part.owner : value.lender);
    value.pieces.push_back({base::Block(keep, bytes), part.bytes});
  }
  add_own(copied);
  return value;
}

base::Slice ChunkSender::next(OutCredit& credit, std::size_t most) {
  if (done()) return {};
  const base::Slice& piece = value_.pieces[piece_];
  const auto size = static_cast<std::size_t>(credit.spend_bytes(std::min(piece.bytes.size() - at_, most)));
  if (size == 0) return {};
  base::Slice chunk{piece.owner, piece.bytes.subspan(at_, size)};
  at_ += size;
  if (at_ == piece.bytes.size()) {
    at_ = 0;
    ++piece_;
  }
  return chunk;
}

}  // namespace daffi::rpc
