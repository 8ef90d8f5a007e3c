/// @file  Lanes: memory that a node shares with another one of the same host, so that what is large need not go through
/// sockets. What is in the frames is spec/wire.md's; why it is done is decision 22.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <unordered_map>

#include "base/annotations.hpp"
#include "base/shared_memory.hpp"
#include "rpc/chunk_bytes.hpp"
#include "wire/header.hpp"
#include "wire/limits.hpp"

namespace daffi::rpc {

/// A lane has this many slots, each for one frame: a whole window of a value, and some for what goes beside it.
inline constexpr std::size_t kLaneSlots = 24;
/// A chunk, or an item of 64 KiB with what stands around its bytes.
inline constexpr std::size_t kSlotSize = wire::kMaxChunk + 4096;
inline constexpr std::size_t kLaneSize = kLaneSlots * kSlotSize;
/// Fewer bytes go through the socket.
inline constexpr std::size_t kWorthASlot = 8 * 1024;
/// Lanes that a node has open to others, and that it reads from others; who comes later goes without.
inline constexpr std::size_t kMaxOutLanes = 16;
inline constexpr std::size_t kMaxInLanes = 32;
/// Offers of one member that are looked at before it is away: no honest one makes half as many.
inline constexpr std::size_t kMaxOffers = 64;

/// Why one who sends such a frame is cut off.
inline constexpr char kNoPlace[] = "it says that something is in a place of memory that it could not share";

/// In front of the payload of a frame that offers memory.
inline constexpr std::size_t kOfferSize = 24;
using OfferBytes = std::array<std::byte, kOfferSize>;
/// Threads: any.
OfferBytes encode_offer(const base::SharedMemoryName& name);
/// `bytes` are kOfferSize. Threads: any.
base::SharedMemoryName decode_offer(base::Bytes bytes);

/// Instead of the payload of a frame: where in the lane it is, and which use of that slot this is. Value.
struct LanePlace {
  std::uint32_t slot = 0, size = 0, use = 0;
};
inline constexpr std::size_t kPlaceSize = 12;
std::array<std::byte, kPlaceSize> encode_place(const LanePlace& place);
/// Nothing when there is no such place. Threads: any.
std::optional<LanePlace> decode_place(base::Bytes payload);

/// How the payload of a frame goes: as it is, behind an offer, or by memory. Value.
class Passage {
 public:
  Passage() = default;
  static Passage offer(const base::SharedMemoryName& name);
  static Passage place(const LanePlace& place);

  /// Says so in the header of a frame with `payload` bytes.
  void mark(wire::Header& header, std::size_t payload) const {
    header.flags |= flag_;
    header.size = static_cast<std::uint32_t>(size_ + (by_memory() ? 0 : payload));
  }
  /// What is sent in front of the payload, or, by memory, instead of it.
  base::Bytes front() const { return base::Bytes(front_).first(size_); }
  bool by_memory() const { return (flag_ & wire::kShared) != 0; }
  bool as_it_is() const { return flag_ == 0; }

 private:
  std::uint8_t flag_ = 0;
  std::size_t size_ = 0;
  OfferBytes front_{};
};

/// The sender's side. A slot is free again when its receiver has noted its last use in the memory itself. Threads: any.
/// Its mutex is a leaf.
class OutLanes {
 public:
  /// Whether those behind this connection may be on this host. Off at first.
  void allow(bool allowed);
  /// For a frame that goes to `member` next, with the payload `first` and then `rest`. What is to go by memory has been
  /// written there when this returns.
  Passage pass(std::uint32_t member, base::Bytes first, base::Bytes rest = {});

  void forget(std::uint32_t member);
  void clear();

 private:
  struct Lane {
    std::shared_ptr<const base::SharedMemory> memory;  // nullptr: there is none, and no second attempt
    std::array<std::uint32_t, kLaneSlots> uses{};      // of each slot, begun
    std::uint32_t unanswered = 0;                      // frames since the first offer
  };
  struct Use {
    std::shared_ptr<const base::SharedMemory> memory;
    LanePlace place;
  };
  Lane* lane_to(std::uint32_t member) DAFFI_REQUIRES(mutex_);
  static std::optional<Use> begin_use(Lane& lane);

  base::Mutex mutex_;
  bool allowed_ DAFFI_GUARDED_BY(mutex_) = false;
  std::unordered_map<std::uint32_t, Lane> lanes_ DAFFI_GUARDED_BY(mutex_);  // by member
};

/// The receiver's side. Strand: the lock of InTransfers.
class InLanes {
 public:
  /// For a connection that begins.
  void allow(bool allowed) {
    allowed_ = allowed;
    offers_.clear();
  }
  /// An offer of a member that is there; its last one counts. True: it is taken, and its sender sees that.
  bool take(std::uint32_t member, const base::SharedMemoryName& name);
  /// Nothing when the place is none. Where that member has no lane the bytes are nowhere: as long as nothing waits for
  /// them it breaks no rule, since what it sent may have met the news that one of the two was away.
  std::optional<ChunkBytes> find(std::uint32_t member, base::Bytes place) const;

  /// The member was away: it may offer as often as a new one. What it offered stays, because news of its absence may
  /// come behind what it has offered since it is back.
  void was_away(std::uint32_t member) { offers_.erase(member); }
  void forget(std::uint32_t member) {
    lanes_.erase(member);
    offers_.erase(member);
  }
  void clear() { lanes_.clear(); }

 private:
  bool allowed_ = false;
  std::unordered_map<std::uint32_t, std::shared_ptr<const base::SharedMemoryView>> lanes_;  // by member
  std::unordered_map<std::uint32_t, std::size_t> offers_;                                   // how many came, by member
};

}  // namespace daffi::rpc
