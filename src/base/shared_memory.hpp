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

/// Such memory as this process has it mapped. Threads: any, not for the same bytes.
class SharedMapping {
 public:
  /// Of an open file, `size` bytes behind its first page; empty when the system refuses.
  SharedMapping(int fd, std::size_t size);
  ~SharedMapping();
  SharedMapping(const SharedMapping&) = delete;
  SharedMapping& operator=(const SharedMapping&) = delete;

  explicit operator bool() const { return at_ != nullptr; }
  /// What was read or written before the other end set it has happened. `index` is below kSharedNotes.
  std::uint32_t note(std::size_t index) const;
  void set_note(std::size_t index, std::uint32_t value) const;
  MutableBytes secret() const;
  /// Nothing where it does not reach that far.
  MutableBytes part(std::size_t at, std::size_t size) const;

 private:
  const std::size_t size_;
  std::byte* at_ = nullptr;
};

/// The writer's end: a memfd_create(2) file that can neither grow nor shrink, mapped: to copy into it page by page by
/// system calls takes twice as long. The system commits all of it. Threads: any, not for the same bytes.
class SharedMemory {
 public:
  /// Room for `size` bytes, at least one; nullptr where the system has no such memory, or no descriptor left.
  static std::shared_ptr<const SharedMemory> make(std::size_t size);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  const SharedMemoryName& name() const { return name_; }
  const SharedMapping& mapping() const { return mapping_; }
  /// False: it does not fit.
  [[nodiscard]] bool write(std::size_t at, Bytes bytes) const;

 private:
  SharedMemory(int fd, std::size_t size);

  const int fd_;  ///< under which others find it
  const SharedMapping mapping_;
  SharedMemoryName name_;
};

/// The reader's end. Threads: any.
class SharedMemoryView {
 public:
  /// nullptr when there is no such memory of `size` bytes, or this process may not read it: other users' may not.
  /// Nothing that is found under a wrong name is read from, but for its first bytes where it is memory of that size.
  static std::shared_ptr<const SharedMemoryView> open(const SharedMemoryName& name, std::size_t size);
  SharedMemoryView(const SharedMemoryView&) = delete;
  SharedMemoryView& operator=(const SharedMemoryView&) = delete;

  /// Nothing where it does not reach that far. They may be others at each look, as long as its writer breaks its
  /// promises: to be copied once, and nothing else. Valid as long as this.
  Bytes bytes(std::size_t at, std::size_t size) const { return mapping_.part(at, size); }
  const SharedMapping& mapping() const { return mapping_; }

 private:
  SharedMemoryView(int fd, std::size_t size) : mapping_(fd, size) {}

  const SharedMapping mapping_;
};

}  // namespace daffi::base
