/// @file  PerThread: what a thread keeps for its next call, found without a call into the loader.
#pragma once

#include <cxxabi.h>

#include <utility>

// A variable of each thread in a shared library is found by a function call, several times in every call that we make
// or serve, unless it has a fixed distance from the thread's own address. That takes room that a library loaded at run
// time finds for small variables only, and only with the GNU library: so larger ones stand behind a pointer.
#if defined(__GLIBC__)
#define DAFFI_PER_THREAD [[gnu::tls_model("initial-exec")]] constinit thread_local
#else
#define DAFFI_PER_THREAD constinit thread_local
#endif

// Tells the library or program that this stands in from others.
extern "C" [[gnu::visibility("hidden")]] void* __dso_handle;

namespace daffi::base {

/// One T for each thread that asks for it, made then, gone with the thread. `Tag` tells those of equal types apart.
/// Threads: any.
template <typename T, typename Tag = T>
class PerThread {
 public:
  static T& mine() {
    T* const own = own_;
    return own != nullptr ? *own : make();
  }

 private:
  // Not by a destructor, which would run once only: others that run as the thread ends may ask again.
  [[gnu::noinline]] static T& make() {
    own_ = new T;
    abi::__cxa_thread_atexit(&drop, nullptr, &__dso_handle);
    return *own_;
  }
  static void drop(void*) { delete std::exchange(own_, nullptr); }

  DAFFI_PER_THREAD static inline T* own_ = nullptr;
};

}  // namespace daffi::base
