/// @file  Clang's thread safety annotations, and the mutex that carries them.
#pragma once

#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#if defined(__clang__)
#define DAFFI_TSA(x) __attribute__((x))
#else
#define DAFFI_TSA(x)
#endif

#define DAFFI_CAPABILITY(x) DAFFI_TSA(capability(x))
#define DAFFI_SCOPED_CAPABILITY DAFFI_TSA(scoped_lockable)
#define DAFFI_GUARDED_BY(x) DAFFI_TSA(guarded_by(x))
#define DAFFI_REQUIRES(...) DAFFI_TSA(requires_capability(__VA_ARGS__))
#define DAFFI_EXCLUDES(...) DAFFI_TSA(locks_excluded(__VA_ARGS__))
#define DAFFI_ACQUIRE(...) DAFFI_TSA(acquire_capability(__VA_ARGS__))
#define DAFFI_RELEASE(...) DAFFI_TSA(release_capability(__VA_ARGS__))
#define DAFFI_ACQUIRE_SHARED(...) DAFFI_TSA(acquire_shared_capability(__VA_ARGS__))
#define DAFFI_RELEASE_SHARED(...) DAFFI_TSA(release_shared_capability(__VA_ARGS__))
#define DAFFI_RELEASE_GENERIC(...) DAFFI_TSA(release_generic_capability(__VA_ARGS__))
#define DAFFI_REQUIRES_SHARED(...) DAFFI_TSA(requires_shared_capability(__VA_ARGS__))
#define DAFFI_TRY_ACQUIRE(...) DAFFI_TSA(try_acquire_capability(__VA_ARGS__))
#define DAFFI_NO_THREAD_SAFETY_ANALYSIS DAFFI_TSA(no_thread_safety_analysis)

namespace daffi::base {

/// std::mutex that clang can check.
class DAFFI_CAPABILITY("mutex") Mutex {
 public:
  void lock() DAFFI_ACQUIRE() { mutex_.lock(); }
  void unlock() DAFFI_RELEASE() { mutex_.unlock(); }
  bool try_lock() DAFFI_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex for a scope; may be released and taken again inside it.
class DAFFI_SCOPED_CAPABILITY Lock {
 public:
  explicit Lock(Mutex& mutex) DAFFI_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Lock() DAFFI_RELEASE() {
    if (held_) mutex_.unlock();
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  void lock() DAFFI_ACQUIRE() {
    mutex_.lock();
    held_ = true;
  }
  void unlock() DAFFI_RELEASE() {
    held_ = false;
    mutex_.unlock();
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

/// std::shared_mutex that clang can check.
class DAFFI_CAPABILITY("mutex") SharedMutex {
 public:
  void lock() DAFFI_ACQUIRE() { mutex_.lock(); }
  void unlock() DAFFI_RELEASE() { mutex_.unlock(); }
  void lock_shared() DAFFI_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void unlock_shared() DAFFI_RELEASE_SHARED() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

/// Holds a SharedMutex for a scope, alone.
class DAFFI_SCOPED_CAPABILITY WriteLock {
 public:
  explicit WriteLock(SharedMutex& mutex) DAFFI_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~WriteLock() DAFFI_RELEASE() { mutex_.unlock(); }
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;

 private:
  SharedMutex& mutex_;
};

/// Holds a SharedMutex for a scope, together with other readers.
class DAFFI_SCOPED_CAPABILITY ReadLock {
 public:
  explicit ReadLock(SharedMutex& mutex) DAFFI_ACQUIRE_SHARED(mutex) : mutex_(mutex) { mutex_.lock_shared(); }
  ~ReadLock() DAFFI_RELEASE_GENERIC() { mutex_.unlock_shared(); }
  ReadLock(const ReadLock&) = delete;
  ReadLock& operator=(const ReadLock&) = delete;

 private:
  SharedMutex& mutex_;
};

using ConditionVariable = std::condition_variable_any;

}  // namespace daffi::base
