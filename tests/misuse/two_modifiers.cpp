/// @file  A call with two modifiers.
// The compiler says: a call takes one execution modifier
#include "daffi/daffi.hpp"

int use(const daffi::Fetch<int(int, int)>& sum) {
#ifdef MISTAKE
  return sum.call(daffi::FG{}, daffi::BG{}, 1, 2);
#else
  return sum.call(daffi::FG{}, 1, 2);
#endif
}
