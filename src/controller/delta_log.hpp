/// @file  DeltaLog: the directory's changes, numbered, gathered, and encoded once for everybody.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
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

/// Who looks at the directory. Refers to its identity. Value.
struct Viewer {
  const wire::Identity& identity;
  std::uint32_t member = 0;
  bool closes_some = false;  ///< it holds callbacks of its own that are not open to all

  /// Whether it is shown `member`'s callbacks that these may call.
  bool sees(const std::vector<std::string>& callers, std::uint32_t of) const;
};

/// Who may call what has a descriptor, by the descriptor's number; only those not open to all.
using Closed = std::map<std::uint32_t, std::vector<std::string>>;

/// Alike for viewers who see the same of these; empty when there are none.
std::string view_key(const Viewer& viewer, const Closed& closed);
/// The callback as that viewer is shown it.
wire::CallbackEntry shown(wire::CallbackEntry entry, const Viewer& viewer, std::uint32_t of, const Closed& closed);

/// Changes are recorded into an open batch; closing it makes frames of them: the same for all, unless some of its
/// callbacks are not open to all. Strand: the loop's thread.
class DeltaLog {
 public:
  explicit DeltaLog(std::uint32_t epoch) : epoch_(epoch) {}

  /// Adds a change and gives it the next number. It must fit into a frame.
  std::uint64_t record(wire::Change change);
  /// The changes recorded next are the first to use this descriptor.
  void introduce(const wire::Descriptor& descriptor, std::size_t encoded_size);
  /// A change recorded next uses this descriptor, which is not open to all.
  void close_to(std::uint32_t descriptor_id, const std::vector<std::string>& callers);

  /// The number of the latest change, closed or not.
  std::uint64_t sequence() const { return sequence_; }
  /// Everything up to this number is in frames.
  std::uint64_t closed() const { return closed_; }
  bool has_open() const { return !open_.empty(); }
  /// Makes frames of the open batch, which become visible to others together.
  void close();

  /// Calls `visit` with each frame that a viewer who knows everything up to `known` lacks, in order. False: some of
  /// them are gone already, and a snapshot is needed.
  template <typename Visit>
  bool frames_after(std::uint64_t known, const Viewer& viewer, Visit visit) {
    if (known < forgotten_) return false;
    auto entry =
        std::partition_point(frames_.begin(), frames_.end(), [&](const Entry& it) { return it.last <= known; });
    for (; entry != frames_.end(); ++entry) {
      if (!entry->divided) {
        visit(entry->frame);
      } else {
        for (const base::Slice& frame : frames_for(*entry->divided, viewer)) visit(frame);
      }
    }
    return true;
  }
  /// Frames of changes up to `known` are needed no more.
  void forget(std::uint64_t known);

 private:
  struct OpenDescriptor {
    wire::Descriptor descriptor;
    std::size_t size;
  };
  /// A batch that is not shown to all alike.
  struct Divided {
    std::uint64_t first;
    std::vector<OpenDescriptor> descriptors;
    std::vector<wire::Change> changes;
    Closed closed;
    std::map<std::string, std::vector<base::Slice>> frames;  ///< made when asked for, by view_key()
  };
  struct Entry {
    std::uint64_t last;  ///< the number of the batch's last change: a batch is sent whole or not at all
    base::Slice frame;
    std::shared_ptr<Divided> divided = {};  ///< instead of the frame
  };

  void close_divided();
  const std::vector<base::Slice>& frames_for(Divided& batch, const Viewer& viewer) const;

  const std::uint32_t epoch_;
  std::uint64_t sequence_ = 0;
  std::uint64_t closed_ = 0;
  std::uint64_t forgotten_ = 0;
  std::vector<wire::Change> open_;
  std::vector<OpenDescriptor> open_descriptors_;
  Closed open_closed_;
  std::deque<Entry> frames_;
};

}  // namespace daffi::controller
