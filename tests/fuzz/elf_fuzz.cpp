/// @file  Property: whatever the bytes say, a module is judged alike wherever they lie, and what follows its segments
/// changes nothing.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "rpc/elf_check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto checked = daffi::rpc::check_elf(bytes);
  if (!checked.ok()) return 0;
  if (checked->memory == 0) std::abort();
  std::vector<std::byte> longer(bytes.begin(), bytes.end());
  longer.resize(size + 100);
  const auto again = daffi::rpc::check_elf(longer);
  if (!again.ok() || again->memory != checked->memory) std::abort();
  return 0;
}
