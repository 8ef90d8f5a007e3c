/// @file  Making blocks and slices.
#include "base/bytes.hpp"

#include <cstring>

#include "base/large_memory.hpp"

namespace daffi::base {

Block make_block(std::size_t size) {
  if (size < kLargeMemory) return std::make_shared_for_overwrite<std::byte[]>(size);
  std::byte* const memory = take_memory(size);
  return {memory, [size](std::byte* done) { give_memory(done, size); }};
}

Slice Slice::copy(Bytes source) {
  if (source.empty()) return {};
  Slice slice{make_block(source.size()), {}};
  std::memcpy(slice.owner.get(), source.data(), source.size());
  slice.bytes = Bytes(slice.owner.get(), source.size());
  return slice;
}

}  // namespace daffi::base
