/// @file  The heap of the C library, which keeps what is freed below its top until it is told.
#include "base/free_memory.hpp"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace daffi::base {

void return_free_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace daffi::base
