/// @file  call() without the modifier that it is for.
// The compiler says: call() takes an execution modifier first
#include "daffi/daffi.hpp"

int use(const daffi::Fetch<int(int, int)>& sum) {
#ifdef MISTAKE
  return sum.call(1, 2);
#else
  return sum.call(daffi::FG{}, 1, 2);
#endif
}
