/// @file  A Fetch called with an argument that its parameter cannot be made of.
// The compiler says: an argument cannot be converted to its parameter
#include <string>

#include "daffi/daffi.hpp"

int use(const daffi::Fetch<int(int, int)>& sum) {
#ifdef MISTAKE
  return sum(1, std::string("2"));
#else
  return sum(1, 2);
#endif
}
