/// @file  A method registered without its object.
// The compiler says: a method needs its object: use serve()
#include <memory>

#include "daffi/daffi.hpp"

struct Service {
  int f() const { return 1; }
  using callbacks = daffi::Methods<&Service::f>;
};

void use(daffi::Global& g) {
#ifdef MISTAKE
  (void)g.callback<&Service::f>();
#else
  (void)g.serve(std::make_shared<Service>());
#endif
}
