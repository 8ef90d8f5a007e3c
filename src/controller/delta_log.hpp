/// @file  DeltaLog: the directory's changes, numbered, gathered, and encoded once for everybody.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/bytes.hpp"
#include "wire/messages.hpp"

namespace daffi::controller {

/// Room that a change, a member or a callback takes in a frame, never less than it really does.
std::size_t size_of(const wire::CallbackEntry& callback);
std::size_t size_of(const wire::MemberEntry& member);
std::size_t size_of(const wire::Change& change);

/// One message as a frame of its own block, to be queued to many.
template <typename M>
base::Slice make_frame(std::uint32_t epoch, const M& message);

/// Changes are recorded into an open batch; closing it makes frames of them. Strand: the loop's thread.
class DeltaLog {
 public:
  explicit DeltaLog(std::uint32_t epoch) : epoch_(epoch) {}

  /// Adds a change and gives it the next number. It must fit into a frame.
  std::uint64_t record(wire::Change change);
  /// The changes recorded next are the first to use this descriptor.
  void introduce(const wire::Descriptor& descriptor, std::size_t encoded_size);

  /// The number of the latest change, closed or not.
  std::uint64_t sequence() const { return sequence_; }
  /// Everything up to this number is in frames.
  std::uint64_t closed() const { return closed_; }
  bool has_open() const { return !open_.empty(); }
  /// Makes frames of the open batch, which become visible to others together.
  void close();

  /// Calls `visit` with each frame that one who knows everything up to `known` lacks, in order. False: some of them are
  /// gone already, and a snapshot is needed.
  template <typename Visit>
  bool frames_after(std::uint64_t known, Visit visit) const {
    if (known < forgotten_) return false;
    auto entry =
        std::partition_point(frames_.begin(), frames_.end(), [&](const Entry& it) { return it.last <= known; });
    for (; entry != frames_.end(); ++entry) visit(entry->frame);
    return true;
  }
  /// Frames of changes up to `known` are needed no more.
  void forget(std::uint64_t known);

 private:
  struct Entry {
    std::uint64_t last;  ///< the number of the batch's last change: a batch is sent whole or not at all
    base::Slice frame;
  };
  struct OpenDescriptor {
    wire::Descriptor descriptor;
    std::size_t size;
  };

  const std::uint32_t epoch_;
  std::uint64_t sequence_ = 0;
  std::uint64_t closed_ = 0;
  std::uint64_t forgotten_ = 0;
  std::vector<wire::Change> open_;
  std::vector<OpenDescriptor> open_descriptors_;
  std::deque<Entry> frames_;
};

}  // namespace daffi::controller
