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
  /// False: it does not fit, or the system has no memory for it.
  [[nodiscard]] bool write(std::size_t at, Bytes bytes) const;

 private:
  SharedMemory(int fd, std::size_t size) : fd_(fd), size_(size) {}

  const int fd_;
  const std::size_t size_;
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

 private:
  SharedMemoryView(int fd, std::size_t size) : fd_(fd), size_(size) {}

  const int fd_;
  const std::size_t size_;
};

}  // namespace daffi::base
