/// @file  A keyword argument before a positional one.
// The compiler says: a positional argument follows a keyword argument
#include "daffi/daffi.hpp"

int use(const daffi::Fetch<int(int, int)>& sum) {
#ifdef MISTAKE
  return sum(daffi::kw("a", 1), 2);
#else
  return sum(1, daffi::kw("b", 2));
#endif
}
