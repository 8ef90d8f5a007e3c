/// @file  A Fetch that streams its items and wants a result.
// The compiler says: a Fetch whose body yields gives void
#include <vector>

#include "daffi/daffi.hpp"

#ifdef MISTAKE
daffi::Fetch<int(int)> use(const daffi::Global& g) {
  return {g, "take", [](int end) -> daffi::Generator<int> { co_yield end; }};
}
#else
daffi::Fetch<void(int)> use(const daffi::Global& g) {
  return {g, "take", [](int end) -> daffi::Generator<int> { co_yield end; }};
}
#endif
