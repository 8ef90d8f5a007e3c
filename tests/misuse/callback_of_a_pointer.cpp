/// @file  A callback with a parameter that no bytes can carry.
// The compiler says: daffi cannot carry this type
#include "daffi/daffi.hpp"

void use(daffi::Global& g) {
#ifdef MISTAKE
  (void)g.callback("f", [](int* where) { return *where; });
#else
  (void)g.callback("f", [](int what) { return what; });
#endif
}
