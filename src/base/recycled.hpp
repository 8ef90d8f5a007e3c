/// @file  Recycled: the memory of small objects that come and go by the hundred thousand, kept for the next ones.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "base/bytes.hpp"
#include "base/per_thread.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define DAFFI_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#define DAFFI_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define DAFFI_ADDRESS_SANITIZER 0
#endif

namespace daffi::base {

/// Memory for objects of `size` bytes. Each thread keeps at most `keep` pieces that were given back on it; sanitizers
/// see every piece come and go. `Tag` tells lists of equal sizes apart. Threads: any; a piece may be given back by
/// another thread than took it.
template <typename Tag, std::size_t size, std::size_t keep>
class Recycled {
 public:
  static void* take() {
    List& list = mine();
    if (list.first == nullptr) return ::operator new(size);
    --list.count;
    Piece* piece = list.first;
    list.first = piece->next;
    return piece;
  }
  static void give(void* memory) noexcept {
    List& list = mine();
    if (list.closed || list.count == keep || DAFFI_ADDRESS_SANITIZER || DAFFI_THREAD_SANITIZER) {
      return ::operator delete(memory);
    }
    list.first = new (memory) Piece{list.first};
    ++list.count;
  }

 private:
  struct Piece {
    Piece* next;
  };
  static_assert(size >= sizeof(Piece));
  struct List {
    Piece* first = nullptr;
    std::size_t count = 0;
    bool closed = false;  // the thread is ending, and others of its objects may still come
    ~List() {
      closed = true;
      while (first != nullptr) ::operator delete(std::exchange(first, first->next));
    }
  };
  static List& mine() {
    DAFFI_PER_THREAD List list;
    return list;
  }
};

/// For std::allocate_shared: object and counts in one recycled piece. Value.
template <typename T, std::size_t keep>
struct RecycledAllocator {
  using value_type = T;
  template <typename U>
  struct rebind {
    using other = RecycledAllocator<U, keep>;
  };
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  RecycledAllocator() = default;
  template <typename U>
  RecycledAllocator(const RecycledAllocator<U, keep>&) {}

  // Always one.
  T* allocate(std::size_t) { return static_cast<T*>(Recycled<T, sizeof(T), keep>::take()); }
  void deallocate(T* memory, std::size_t) noexcept { Recycled<T, sizeof(T), keep>::give(memory); }
  template <typename U>
  bool operator==(const RecycledAllocator<U, keep>&) const {
    return true;
  }
};

}  // namespace daffi::base
