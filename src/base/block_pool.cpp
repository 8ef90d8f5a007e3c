/// @file  The free list behind BlockPool, and the allocator that lends from it.
#include "base/block_pool.hpp"

#include <sys/mman.h>

#include <new>
#include <utility>

#include "base/fork.hpp"
#include "base/recycled.hpp"

namespace daffi::base {

namespace {

// Straight from the system, so that it goes back there: memory from the heap, given back among smaller pieces that
// stay, would leave holes in as many pages. Sanitizers see every block come and go.
void* take_pages(std::size_t size) {
#if DAFFI_ADDRESS_SANITIZER || DAFFI_THREAD_SANITIZER
  return ::operator new(size);
#else
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return memory;
#endif
}

void give_pages(void* memory, [[maybe_unused]] std::size_t size) noexcept {
#if DAFFI_ADDRESS_SANITIZER || DAFFI_THREAD_SANITIZER
  ::operator delete(memory);
#else
  ::munmap(memory, size);
#endif
}

}  // namespace

/// The free memory, with room for each block's reference count. Threads: any.
class BlockPool::Store {
 public:
  explicit Store(std::size_t keep) : keep_(keep) { free_.reserve(keep); }
  ~Store() {
    for (void* memory : free_) give_pages(memory, size_);
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  void keep_free() { keep_free_across_fork(mutex_); }

  // All requests are of one size, because all blocks of a pool are.
  void* take(std::size_t size) DAFFI_EXCLUDES(mutex_) {
    {
      const Lock lock(mutex_);
      if (!free_.empty()) {
        void* memory = free_.back();
        free_.pop_back();
        return memory;
      }
    }
    return take_pages(size);
  }
  void give(void* memory, std::size_t size) noexcept DAFFI_EXCLUDES(mutex_) {
    {
      const Lock lock(mutex_);
      if (free_.size() < keep_) {
        free_.push_back(memory);
        size_ = size;
        return;
      }
    }
    give_pages(memory, size);
  }

 private:
  const std::size_t keep_;
  Mutex mutex_;
  std::vector<void*> free_ DAFFI_GUARDED_BY(mutex_);
  std::size_t size_ DAFFI_GUARDED_BY(mutex_) = 0;  // of each of them
};

namespace {

/// What allocate_shared asks for memory: bytes and count in one piece.
template <typename T>
struct StoreAllocator {
  using value_type = T;
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  explicit StoreAllocator(std::shared_ptr<BlockPool::Store> from) : store(std::move(from)) {}
  template <typename U>
  StoreAllocator(const StoreAllocator<U>& other) : store(other.store) {}

  T* allocate(std::size_t count) { return static_cast<T*>(store->take(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) noexcept { store->give(memory, count * sizeof(T)); }
  template <typename U>
  bool operator==(const StoreAllocator<U>& other) const {
    return store == other.store;
  }

  std::shared_ptr<BlockPool::Store> store;
};

}  // namespace

BlockPool::BlockPool(std::size_t block_size, std::size_t keep)
    : block_size_(block_size), store_(std::make_shared<Store>(keep)) {}

BlockPool* BlockPool::for_the_process(std::size_t block_size, std::size_t keep) {
  auto* const pool = new BlockPool(block_size, keep);
  pool->store_->keep_free();
  return pool;
}

Block BlockPool::take() {
  return std::allocate_shared_for_overwrite<std::byte[]>(StoreAllocator<std::byte>(store_), block_size_);
}

}  // namespace daffi::base
