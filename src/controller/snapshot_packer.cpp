/// @file  Filling snapshot frames one after the other.
#include "controller/snapshot_packer.hpp"

#include <utility>

#include "controller/delta_log.hpp"

namespace daffi::controller {
namespace {

constexpr std::size_t kSnapshotHead = 8 + 4 + 4 + 2 + 2;
constexpr std::size_t kRoom = wire::kMaxFramePayload - kSnapshotHead;

// Without the callbacks, which may be many.
wire::MemberEntry head_of(const wire::MemberEntry& member) {
  return {.member_id = member.member_id,
          .state = member.state,
          .draining = member.draining,
          .times_lost = member.times_lost,
          .identity = member.identity,
          .process_name = member.process_name,
          .language = member.language,
          .callbacks = {}};
}

}  // namespace

void SnapshotPacker::begin(const wire::MemberEntry& member) {
  head_ = head_of(member);
  if (size_ + size_of(head_) > kRoom || parts_.back().members.size() == wire::kMaxMembers) open_part();
  open_member();
}

void SnapshotPacker::add(const wire::CallbackEntry& callback, const wire::Descriptor& descriptor,
                         std::size_t descriptor_size) {
  const bool fresh = described_.insert(descriptor.id).second;
  const std::size_t size = size_of(callback) + (fresh ? descriptor_size : 0);
  make_room(size);
  if (fresh) parts_.back().descriptors.push_back(descriptor);
  parts_.back().members.back().callbacks.push_back(callback);
}

void SnapshotPacker::add_closed(const wire::CallbackEntry& callback) {
  make_room(size_of(callback));
  parts_.back().members.back().callbacks.push_back(callback);
}

void SnapshotPacker::make_room(std::size_t size) {
  const wire::Snapshot& part = parts_.back();
  if (size_ + size > kRoom || part.descriptors.size() == wire::kMaxDescriptors ||
      part.members.back().callbacks.size() == wire::kMaxCallbacks) {
    open_part();
    open_member();
  }
  size_ += size;
}

std::vector<base::Slice> SnapshotPacker::finish() {
  std::vector<base::Slice> frames;
  frames.reserve(parts_.size());
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    parts_[i].sequence = sequence_;
    parts_[i].part = static_cast<std::uint32_t>(i);
    parts_[i].parts = static_cast<std::uint32_t>(parts_.size());
    frames.push_back(make_frame(epoch_, parts_[i]));
  }
  return frames;
}

void SnapshotPacker::open_part() {
  parts_.emplace_back();
  size_ = 0;
}

void SnapshotPacker::open_member() {
  parts_.back().members.push_back(head_);
  size_ += size_of(head_);
}

}  // namespace daffi::controller
