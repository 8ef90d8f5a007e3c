/// @file  A callback with a result that no bytes can carry.
// The compiler says: daffi cannot carry this type
#include <memory>

#include "daffi/daffi.hpp"

void use(daffi::Global& g) {
#ifdef MISTAKE
  (void)g.callback("f", [] { return std::make_unique<int>(1); });
#else
  (void)g.callback("f", [] { return 1; });
#endif
}
