/// @file  Lanes: who has which slot.
#include "rpc/lanes.hpp"

#include <cstring>

namespace daffi::rpc {

OfferBytes encode_offer(const base::SharedMemoryName& name) {
  OfferBytes bytes;
  std::memcpy(bytes.data(), &name.process, 4);
  std::memcpy(bytes.data() + 4, &name.descriptor, 4);
  std::memcpy(bytes.data() + 8, name.secret.data(), name.secret.size());
  return bytes;
}

base::SharedMemoryName decode_offer(base::Bytes bytes) {
  base::SharedMemoryName name;
  std::memcpy(&name.process, bytes.data(), 4);
  std::memcpy(&name.descriptor, bytes.data() + 4, 4);
  std::memcpy(name.secret.data(), bytes.data() + 8, name.secret.size());
  return name;
}

std::array<std::byte, kPlaceSize> encode_place(const LanePlace& place) {
  std::array<std::byte, kPlaceSize> bytes;
  std::memcpy(bytes.data(), &place.slot, 4);
  std::memcpy(bytes.data() + 4, &place.size, 4);
  return bytes;
}

std::optional<LanePlace> decode_place(base::Bytes payload) {
  if (payload.size() != kPlaceSize) return std::nullopt;
  LanePlace place;
  std::memcpy(&place.slot, payload.data(), 4);
  std::memcpy(&place.size, payload.data() + 4, 4);
  if (place.slot >= kLaneSlots || place.size == 0 || place.size > wire::kMaxChunk) return std::nullopt;
  return place;
}

std::optional<base::SharedMemoryName> OutLanes::offer(std::uint32_t member) {
  Lane& lane = lanes_[member];
  lane.memory = base::SharedMemory::make(kLaneSize);
  return lane.memory ? std::optional(lane.memory->name()) : std::nullopt;
}

void OutLanes::accepted(std::uint32_t member) {
  if (const auto lane = lanes_.find(member); lane != lanes_.end())
    lane->second.accepted = lane->second.memory != nullptr;
}

std::optional<OutLanes::Slot> OutLanes::place(const TransferKey& key, std::size_t size) {
  const auto found = lanes_.find(key.member);
  if (found == lanes_.end() || !found->second.memory) return std::nullopt;
  Lane& lane = found->second;
  Track& track = lane.tracks[key];
  track.sent += size;
  if (!lane.accepted || lane.free == 0) return std::nullopt;
  // The lowest: one that was used just now is still in the processor's cache.
  const auto slot = static_cast<std::uint32_t>(std::countr_zero(lane.free));
  lane.free &= lane.free - 1;
  track.used.push_back({track.sent, slot});
  return Slot{lane.memory, slot};
}

void OutLanes::credited(const TransferKey& key, std::size_t bytes) {
  const auto found = lanes_.find(key.member);
  if (found == lanes_.end()) return;
  Lane& lane = found->second;
  const auto it = lane.tracks.find(key);
  if (it == lane.tracks.end()) return;
  Track& track = it->second;
  track.credited += bytes;
  for (; !track.used.empty() && track.used.front().until <= track.credited; track.used.pop_front()) {
    lane.free |= 1u << track.used.front().slot;
  }
  if (track.credited >= track.sent) lane.tracks.erase(it);
}

bool InLanes::take(std::uint32_t member, const base::SharedMemoryName& name) {
  if (!allowed_ || (lanes_.size() >= kMaxInLanes && !lanes_.contains(member))) return false;
  auto view = base::SharedMemoryView::open(name, kLaneSize);
  if (!view) return false;
  lanes_[member] = std::move(view);
  return true;
}

std::optional<ChunkBytes> InLanes::find(std::uint32_t member, base::Bytes place) const {
  const auto lane = lanes_.find(member);
  const auto at = decode_place(place);
  if (!at) return std::nullopt;
  if (lane == lanes_.end()) return ChunkBytes::nowhere(at->size);
  return ChunkBytes(lane->second, at->slot * wire::kMaxChunk, at->size);
}

}  // namespace daffi::rpc
