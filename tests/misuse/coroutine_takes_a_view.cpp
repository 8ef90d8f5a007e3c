/// @file  A coroutine callback whose parameter would not live as long as it.
// The compiler says: a coroutine outlives the bytes of its call
#include <cstddef>
#include <string>
#include <string_view>

#include "daffi/daffi.hpp"

void use(daffi::Global& g) {
#ifdef MISTAKE
  (void)g.callback("f", [](std::string_view text) -> daffi::Task<std::size_t> { co_return text.size(); });
#else
  (void)g.callback("f", [](std::string text) -> daffi::Task<std::size_t> { co_return text.size(); });
#endif
}
