/// @file  Cutting a value.
#include "rpc/chunk_sender.hpp"

#include <algorithm>

#include "base/large_memory.hpp"

namespace daffi::rpc {

base::Slice take_over(Writer& writer) {
  const std::size_t headroom = writer.headroom();
  const std::size_t size = writer.size();
  Writer::Memory memory = writer.release();
  const auto give_back = [capacity = memory.capacity](std::byte* done) { base::give_memory(done, capacity); };
  base::Slice slice{base::Block(memory.bytes.release(), give_back), {}};
  slice.bytes = base::Bytes(slice.owner.get() + headroom, size);
  return slice;
}

base::Slice ChunkSender::next(OutCredit& credit) {
  const std::size_t wanted = std::min(value_.bytes.size() - at_, wire::kMaxChunk);
  if (wanted == 0) return {};
  const auto size = static_cast<std::size_t>(credit.spend_bytes(wanted));
  if (size == 0) return {};
  const base::Bytes chunk = value_.bytes.subspan(at_, size);
  at_ += size;
  return {value_.owner, chunk};
}

}  // namespace daffi::rpc
