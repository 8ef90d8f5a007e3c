/// @file  A Fetch whose body does not take the Fetch's parameters.
// The compiler says: the body of a Fetch takes the Fetch's parameters
#include <string>

#include "daffi/daffi.hpp"

daffi::Fetch<int(int, int)> use(const daffi::Global& g) {
#ifdef MISTAKE
  return {g, "sum", [](std::string a) { return a; }};
#else
  return {g, "sum", [](int a, int b) { return daffi::Args{b, a}; }};
#endif
}
