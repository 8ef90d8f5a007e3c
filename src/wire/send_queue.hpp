/// @file  SendQueue: frames that wait to be written, the urgent in front of the bulk.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "wire/out_queue.hpp"

namespace daffi::wire {

/// Two queues of whole frames, each in order; what is written next comes from the urgent one as long as there is
/// something in it, and never cuts a frame that has begun. Bulk goes in shares, so that between two of them there is a
/// look at what is urgent.
/// Strand: as OutQueue; while a write of gathered pieces is under way, others may append.
class SendQueue {
 public:
  /// Bulk between two looks at the urgent queue; one frame, if that is larger.
  static constexpr std::size_t kBulkShare = 64 * 1024;

  OutQueue& urgent() { return urgent_; }
  const OutQueue& urgent() const { return urgent_; }

  /// One bulk frame: copied.
  void append_bulk(std::uint32_t source, base::Bytes frame);
  /// One bulk frame in two parts: the first copied, the second referred to unless it is small. `source`: whom
  /// bulk_bytes_of() counts it for.
  void append_bulk(std::uint32_t source, base::Bytes head, const base::Block& owner, base::Bytes rest);

  /// What to write next: the rest of what has begun, all that is urgent, and, `with_bulk`, one share of bulk. Returns
  /// how many pieces were filled in; 0 also when there is nothing but bulk and that may not go.
  std::size_t gather(std::span<iovec> pieces, bool with_bulk);
  /// `count` bytes of what gather() gave last have been written.
  void consume(std::size_t count);
  /// Of what gather() gave last: the urgent bytes, and how many of them `written` bytes reach.
  std::size_t urgent_gathered() const { return plan_.urgent; }
  std::size_t urgent_within(std::size_t written) const;
  /// Of what gather() gave last: the bytes in front of the urgent ones.
  std::size_t begun_gathered() const { return plan_.begun; }

  bool empty() const { return urgent_.empty() && bulk_.empty(); }
  std::size_t bytes() const { return urgent_.bytes() + bulk_.bytes(); }
  std::size_t bulk_bytes() const { return bulk_.bytes(); }
  std::size_t bulk_bytes_of(std::uint32_t source) const;
  /// Part of a bulk frame has left, so that nothing else may.
  bool bulk_begun() const { return begun_; }

  /// Copies what waits of the memory that `owner` keeps, so that it is not referred to any more. Not while a write of
  /// gathered pieces is under way.
  void copy_pieces_of(const std::shared_ptr<const void>& owner) { bulk_.copy_pieces_of(owner); }

  void clear();
  void shrink();

 private:
  // Bulk frames that leave together: up to a share, or one larger frame, all of one source, whose account it knows: to
  // look for that at each frame takes longer than all else that is noted of it.
  struct Share {
    std::uint32_t source;
    std::size_t* account;
    std::size_t left;
  };
  // First in, first out; of no size as long as there is no bulk, which most connections never have.
  class Shares {
   public:
    bool empty() const { return head_ == list_.size(); }
    std::size_t size() const { return list_.size() - head_; }
    Share& operator[](std::size_t index) { return list_[head_ + index]; }
    Share& back() { return list_.back(); }
    void push(const Share& share) { list_.push_back(share); }
    void pop();
    void clear() { std::vector<Share>().swap(list_), head_ = 0; }

   private:
    std::vector<Share> list_;  // those before head_ are over
    std::size_t head_ = 0;
  };
  struct Plan {
    std::size_t begun = 0, urgent = 0, share = 0;
  };

  void note_bulk(std::uint32_t source, std::size_t size);
  void consume_bulk(std::size_t count);

  OutQueue urgent_, bulk_;
  Shares shares_;
  std::unordered_map<std::uint32_t, std::size_t> by_source_;  // bytes in shares, never 0
  bool begun_ = false;                                        // of the first share something has left
  Plan plan_;
};

}  // namespace daffi::wire
