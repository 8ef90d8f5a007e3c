/// @file  Making blocks and slices.
#include "base/bytes.hpp"

#include <cstring>

namespace daffi::base {

Block make_block(std::size_t size) { return std::make_shared_for_overwrite<std::byte[]>(size); }

Slice Slice::copy(Bytes source) {
  if (source.empty()) return {};
  Slice slice{make_block(source.size()), {}};
  std::memcpy(slice.owner.get(), source.data(), source.size());
  slice.bytes = Bytes(slice.owner.get(), source.size());
  return slice;
}

}  // namespace daffi::base
