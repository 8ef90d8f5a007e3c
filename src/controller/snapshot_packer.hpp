/// @file  SnapshotPacker: the whole directory, cut into frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "base/bytes.hpp"
#include "wire/messages.hpp"

namespace daffi::controller {

/// Used once. Each descriptor goes into the first part that needs it; a member that does not fit goes on in the next
/// part under the same id. Strand: the loop's thread.
class SnapshotPacker {
 public:
  SnapshotPacker(std::uint32_t epoch, std::uint64_t sequence) : epoch_(epoch), sequence_(sequence) {}

  /// The next member; its callbacks follow by add().
  void begin(const wire::MemberEntry& member);
  void add(const wire::CallbackEntry& callback, const wire::Descriptor& descriptor, std::size_t descriptor_size);
  /// One that the viewer is not shown: it has no descriptor.
  void add_closed(const wire::CallbackEntry& callback);
  /// At least one frame.
  std::vector<base::Slice> finish();

 private:
  void make_room(std::size_t size);
  void open_part();
  void open_member();

  const std::uint32_t epoch_;
  const std::uint64_t sequence_;
  std::vector<wire::Snapshot> parts_ = std::vector<wire::Snapshot>(1);
  std::size_t size_ = 0;    ///< of the last part
  wire::MemberEntry head_;  ///< of the member at hand, without callbacks
  std::unordered_set<std::uint32_t> described_;
};

}  // namespace daffi::controller
