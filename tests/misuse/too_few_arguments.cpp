/// @file  A Fetch called with fewer arguments than it has parameters.
// The compiler says: the number of arguments is not that of the parameters
#include "daffi/daffi.hpp"

int use(const daffi::Fetch<int(int, int)>& sum) {
#ifdef MISTAKE
  return sum(1);
#else
  return sum(1, 2);
#endif
}
