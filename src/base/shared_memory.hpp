/// @file  SharedMemory: bytes that one process writes and another one of the same host reads, past every socket.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"

namespace daffi::base {

/// What a process must know to find the memory of another one. Value.
struct SharedMemoryName {
  std::uint32_t process = 0;     ///< its id
  std::uint32_t descriptor = 0;  ///< in that process
  /// Stands at the beginning of the memory: whoever finds something else there is on another host, or was misled.
  std::array<std::byte, 16> secret{};

  bool operator==(const SharedMemoryName&) const = default;
};

/// Numbers in front of the bytes, 0 at first, that either end sets and the other one sees at once: how the reader says
/// what it has read.
inline constexpr std::size_t kSharedNotes = 64;

/// The first page of such memory, mapped. Threads: any.
class SharedFront {
 public:
  SharedFront() = default;
  /// Of an open file; empty when the system refuses.
  explicit SharedFront(int fd);
  ~SharedFront();
  SharedFront(const SharedFront&) = delete;
  SharedFront& operator=(const SharedFront&) = delete;

  explicit operator bool() const { return page_ != nullptr; }
  /// What was read or written before the other end set it has happened. `index` is below kSharedNotes.
  std::uint32_t note(std::size_t index) const;
  void set_note(std::size_t index, std::uint32_t value) const;

 private:
  void* page_ = nullptr;
};

/// The writer's end: a memfd_create(2) file that can neither grow nor shrink. The system commits what was written to.
/// Threads: any, not for the same bytes.
class SharedMemory {
 public:
  /// Room for `size` bytes, at least one; nullptr where the system has no such memory, or no descriptor left.
  static std::shared_ptr<const SharedMemory> make(std::size_t size);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  const SharedMemoryName& name() const { return name_; }
  const SharedFront& front() const { return front_; }
  /// False: it does not fit, or the system has no memory for it.
  [[nodiscard]] bool write(std::size_t at, Bytes bytes) const;

 private:
  SharedMemory(int fd, std::size_t size);

  const int fd_;
  const std::size_t size_;
  const SharedFront front_;
  SharedMemoryName name_;
};

/// The reader's end. What it reads is copied once, so that a writer that breaks its promises changes bytes and nothing
/// else. Threads: any.
class SharedMemoryView {
 public:
  /// nullptr when there is no such memory of `size` bytes, or this process may not read it: other users' may not.
  /// Nothing that is found under a wrong name is read from, but for its first bytes where it is memory of that size.
  static std::shared_ptr<const SharedMemoryView> open(const SharedMemoryName& name, std::size_t size);
  ~SharedMemoryView();
  SharedMemoryView(const SharedMemoryView&) = delete;
  SharedMemoryView& operator=(const SharedMemoryView&) = delete;

  /// False: it does not reach that far.
  [[nodiscard]] bool read(std::size_t at, MutableBytes into) const;
  const SharedFront& front() const { return front_; }

 private:
  SharedMemoryView(int fd, std::size_t size) : fd_(fd), size_(size), front_(fd) {}

  const int fd_;
  const std::size_t size_;
  const SharedFront front_;
};

}  // namespace daffi::base
