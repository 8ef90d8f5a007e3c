/// @file  A modifier where only arguments stand.
// The compiler says: a modifier is given to call()
#include "daffi/daffi.hpp"

int use(const daffi::Fetch<int(int, int)>& sum) {
#ifdef MISTAKE
  return sum(daffi::BG{}, 1, 2);
#else
  return sum(1, 2);
#endif
}
