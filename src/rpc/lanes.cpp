/// @file  Lanes: who has which slot.
#include "rpc/lanes.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "base/random.hpp"

namespace daffi::rpc {
namespace {

// Notes of the memory: that it is read from, and for each slot its last use that has been read.
constexpr std::size_t kTaken = 0;
constexpr std::size_t note_of(std::size_t slot) { return 1 + slot; }
static_assert(note_of(kLaneSlots) <= base::kSharedNotes);

// An offer that was lost with a connection is made once more after so many frames, then after twice as many.
constexpr std::uint32_t kOfferedAgain = 64;

}  // namespace

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
  std::memcpy(bytes.data() + 8, &place.use, 4);
  return bytes;
}

std::optional<LanePlace> decode_place(base::Bytes payload) {
  if (payload.size() != kPlaceSize) return std::nullopt;
  LanePlace place;
  std::memcpy(&place.slot, payload.data(), 4);
  std::memcpy(&place.size, payload.data() + 4, 4);
  std::memcpy(&place.use, payload.data() + 8, 4);
  if (place.slot >= kLaneSlots || place.size == 0 || place.size > kSlotSize) return std::nullopt;
  return place;
}

Passage Passage::offer(const base::SharedMemoryName& name) {
  Passage passage;
  passage.flag_ = wire::kOffersMemory;
  passage.front_ = encode_offer(name);
  passage.size_ = kOfferSize;
  return passage;
}

Passage Passage::place(const LanePlace& place) {
  Passage passage;
  passage.flag_ = wire::kShared;
  std::ranges::copy(encode_place(place), passage.front_.begin());
  passage.size_ = kPlaceSize;
  return passage;
}

void OutLanes::allow(bool allowed) {
  base::Lock lock(mutex_);
  allowed_ = allowed;
}

Passage OutLanes::pass(std::uint32_t member, base::Bytes first, base::Bytes rest) {
  const std::size_t size = first.size() + rest.size();
  if (size < kWorthASlot || size > kSlotSize) return {};
  std::optional<Use> use;
  {
    base::Lock lock(mutex_);
    Lane* const lane = lane_to(member);
    if (lane == nullptr || !lane->memory) return {};
    if (lane->memory->mapping().note(kTaken) == 0) {
      const std::uint32_t frames = ++lane->unanswered;
      const bool offers = frames == 1 || (frames >= kOfferedAgain && std::has_single_bit(frames));
      return offers ? Passage::offer(lane->memory->name()) : Passage();
    }
    use = begin_use(*lane);
  }
  if (!use) return {};
  use->place.size = static_cast<std::uint32_t>(size);
  const std::size_t at = use->place.slot * kSlotSize;
  // They fit: that was looked at first.
  (void)use->memory->write(at, first);
  (void)use->memory->write(at + first.size(), rest);
  return Passage::place(use->place);
}

OutLanes::Lane* OutLanes::lane_to(std::uint32_t member) {
  if (!allowed_) return nullptr;
  if (const auto found = lanes_.find(member); found != lanes_.end()) return &found->second;
  if (lanes_.size() >= kMaxOutLanes) return nullptr;
  Lane& lane = lanes_[member];
  lane.memory = base::SharedMemory::make(kLaneSize);
  if (!lane.memory) return &lane;
  // From anywhere on: a place in an earlier lane to the same member, which comes late, is then no use of this one.
  std::uint32_t begin = 0;
  base::random_bytes(std::as_writable_bytes(std::span(&begin, 1)));
  lane.uses.fill(begin);
  for (std::size_t slot = 0; slot < kLaneSlots; ++slot) lane.memory->mapping().set_note(note_of(slot), begin);
  return &lane;
}

// The lowest that is free: one that was used just now is still in the processor's cache.
std::optional<OutLanes::Use> OutLanes::begin_use(Lane& lane) {
  for (std::uint32_t slot = 0; slot < kLaneSlots; ++slot) {
    if (lane.memory->mapping().note(note_of(slot)) != lane.uses[slot]) continue;
    return Use{lane.memory, {.slot = slot, .size = 0, .use = ++lane.uses[slot]}};
  }
  return std::nullopt;
}

void OutLanes::forget(std::uint32_t member) {
  base::Lock lock(mutex_);
  lanes_.erase(member);
}

void OutLanes::clear() {
  base::Lock lock(mutex_);
  lanes_.clear();
}

bool InLanes::take(std::uint32_t member, const base::SharedMemoryName& name) {
  if (!allowed_ || (lanes_.size() >= kMaxInLanes && !lanes_.contains(member))) return false;
  if (++offers_[member] > kMaxOffers) return false;
  auto view = base::SharedMemoryView::open(name, kLaneSize);
  if (!view) return false;
  view->mapping().set_note(kTaken, 1);
  lanes_[member] = std::move(view);
  return true;
}

std::optional<ChunkBytes> InLanes::find(std::uint32_t member, base::Bytes place) const {
  const auto lane = lanes_.find(member);
  const auto at = decode_place(place);
  if (!at) return std::nullopt;
  if (lane == lanes_.end()) return ChunkBytes::nowhere(at->size);
  return ChunkBytes(SharedPlace(lane->second, at->slot * kSlotSize, note_of(at->slot), at->use), at->size);
}

}  // namespace daffi::rpc
