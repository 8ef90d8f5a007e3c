/// @file  Lanes: memory that a node shares with another one of the same host, so that the chunks of large values need
/// not go through sockets. What is in the frames is spec/wire.md's; why it is done is decision 22.
#pragma once

#include <array>
#include <bit>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/shared_memory.hpp"
#include "rpc/chunk_bytes.hpp"
#include "rpc/transfer_key.hpp"
#include "wire/limits.hpp"

namespace daffi::rpc {

/// A lane has this many slots, each for one chunk: a whole window of a value, and some for what goes beside it.
inline constexpr std::size_t kLaneSlots = 24;
inline constexpr std::size_t kLaneSize = kLaneSlots * wire::kMaxChunk;
/// Lanes that a node has open to others, and that it reads from others; who comes later goes without.
inline constexpr std::size_t kMaxOutLanes = 16;
inline constexpr std::size_t kMaxInLanes = 32;

/// In front of the bytes of a chunk that offers memory.
inline constexpr std::size_t kOfferSize = 24;
using OfferBytes = std::array<std::byte, kOfferSize>;
/// Threads: any.
OfferBytes encode_offer(const base::SharedMemoryName& name);
/// `bytes` are kOfferSize. Threads: any.
base::SharedMemoryName decode_offer(base::Bytes bytes);

/// Instead of the bytes of a chunk: where in the lane they are. Value.
struct LanePlace {
  std::uint32_t slot = 0, size = 0;
};
inline constexpr std::size_t kPlaceSize = 8;
std::array<std::byte, kPlaceSize> encode_place(const LanePlace& place);
/// Nothing when there is no such place. Threads: any.
std::optional<LanePlace> decode_place(base::Bytes payload);

/// The sender's side. A slot is free again when what it held has been credited: by then it has been copied. Strand: the
/// lock of OutTransfers.
class OutLanes {
 public:
  /// Whether those behind this connection may be on this host. Off at first.
  void allow(bool allowed) { allowed_ = allowed; }

  /// The next chunk for that member should bring an offer.
  bool wants_offer(std::uint32_t member) const {
    return allowed_ && lanes_.size() < kMaxOutLanes && !lanes_.contains(member);
  }
  /// Opens a lane; nothing when the system has no memory of the kind. It is used once accepted() was called.
  std::optional<base::SharedMemoryName> offer(std::uint32_t member);
  void accepted(std::uint32_t member);

  struct Slot {
    std::shared_ptr<const base::SharedMemory> memory;
    std::uint32_t number = 0;
  };
  /// A chunk goes out: counts it, and says where to put it; nothing when it goes through the socket.
  std::optional<Slot> place(const TransferKey& key, std::size_t size);
  /// What credit has come for.
  void credited(const TransferKey& key, std::size_t bytes);

  void forget(std::uint32_t member) { lanes_.erase(member); }
  void clear() { lanes_.clear(); }

 private:
  struct Track {
    std::uint64_t sent = 0, credited = 0;  // bytes
    struct Used {
      std::uint64_t until;  // so much has to be credited
      std::uint32_t slot;
    };
    std::deque<Used> used;
  };
  struct Lane {
    std::shared_ptr<const base::SharedMemory> memory;  // nullptr: there is none, and no second attempt
    bool accepted = false;
    std::uint32_t free = (1u << kLaneSlots) - 1;
    std::unordered_map<TransferKey, Track, TransferKeyHash> tracks;  // what is on its way
  };

  bool allowed_ = false;
  std::unordered_map<std::uint32_t, Lane> lanes_;  // by member
};

/// The receiver's side. Strand: the lock of InTransfers.
class InLanes {
 public:
  void allow(bool allowed) { allowed_ = allowed; }
  /// An offer has come; the last one of a member counts. True: it is taken, and its member is to be told with the next
  /// credit.
  bool take(std::uint32_t member, const base::SharedMemoryName& name);
  /// Nothing when the place is none. Where that member has no lane the bytes are nowhere: as long as nothing waits for
  /// them it breaks no rule, since what it sent may have met the news that one of the two was away.
  std::optional<ChunkBytes> find(std::uint32_t member, base::Bytes place) const;

  void forget(std::uint32_t member) { lanes_.erase(member); }
  void clear() { lanes_.clear(); }

 private:
  bool allowed_ = false;
  std::unordered_map<std::uint32_t, std::shared_ptr<const base::SharedMemoryView>> lanes_;  // by member
};

}  // namespace daffi::rpc
