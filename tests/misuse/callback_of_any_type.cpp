/// @file  A callback whose parameter types are left open.
// The compiler says: a callback has one operator()
#include "daffi/daffi.hpp"

void use(daffi::Global& g) {
#ifdef MISTAKE
  (void)g.callback("f", [](auto what) { return what; });
#else
  (void)g.callback("f", [](int what) { return what; });
#endif
}
