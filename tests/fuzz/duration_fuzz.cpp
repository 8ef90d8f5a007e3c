/// @file  Property: a duration that is accepted, written as text, is the same duration again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/duration_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = daffi::base::parse_duration(text);
  if (!first.ok()) return 0;
  if (*first < daffi::base::Duration::zero()) std::abort();
  const auto second = daffi::base::parse_duration(daffi::base::format_duration(*first));
  if (!second.ok() || *second != *first) std::abort();
  return 0;
}
