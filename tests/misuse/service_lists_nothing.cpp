/// @file  A served class that does not say what it offers.
// The compiler says: a served class lists its callbacks
#include <memory>

#include "daffi/daffi.hpp"

struct Silent {
  int f() const { return 1; }
};
struct Service : Silent {
  using callbacks = daffi::Methods<&Service::f>;
};

void use(daffi::Global& g) {
#ifdef MISTAKE
  (void)g.serve(std::make_shared<Silent>());
#else
  (void)g.serve(std::make_shared<Service>());
#endif
}
