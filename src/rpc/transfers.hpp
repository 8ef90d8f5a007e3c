/// @file  Transfers: the large arguments and results of a node that are on their way, out and in.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/annotations.hpp"
#include "base/clock.hpp"
#include "rpc/assembly.hpp"
#include "rpc/chunk_sender.hpp"
#include "rpc/credit.hpp"
#include "rpc/engine.hpp"
#include "rpc/lanes.hpp"
#include "rpc/transfer_key.hpp"
#include "wire/header.hpp"

namespace daffi::rpc {

/// Values going out: one chunk of each in turn, as its credit allows, so that the largest delays nobody by more than
/// what credit lets it put on the way. Threads: any.
class OutTransfers {
 public:
  /// Hands a chunk to the connection; the header says nothing of its size. `more`: another one follows at once, so that
  /// this one may wait for it.
  using Send = std::function<void(const wire::Header& header, const base::Slice& bytes, bool more)>;
  explicit OutTransfers(Send send) : send_(std::move(send)) {}

  /// Takes a value in. Nothing is sent before its announcement has been and release() was called.
  void add(const TransferKey& key, LargeValue value);
  /// From now on chunks go, under that epoch.
  void release(const TransferKey& key, std::uint32_t epoch);

  enum class Credited : std::uint8_t { unknown, taken, violation };
  /// pump() afterwards. A violation ends the transfer.
  Credited credit(const TransferKey& key, const Credit& granted);
  /// A credit for a transfer that has ended: its last chunks have been used up, or thrown away.
  void late_credit(std::uint32_t member, const Credit& granted);

  /// Sends what may be sent; at once, or by a thread that is just doing that. Blocks no longer than sending does.
  void pump();
  /// Something small has come over the same connection. For a while less of a value is on its way, so that what is
  /// small waits for little. Thread: one at a time.
  void note_small() { small_.store(small_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

  /// Ends a transfer and gives the value back; nothing when it is not there, or all of it was handed to the connection.
  LargeValue abort(const TransferKey& key);
  /// The member is gone, and with it what was on its way there.
  void abort_all_of(std::uint32_t member);
  void abort_all();

  bool empty() const { return size() == 0; }
  std::size_t size() const { return count_.load(); }
  /// Blocks until there is none left and all that was sent has been credited, or the deadline passes.
  void wait_settled(Engine& engine, base::Deadline deadline);

 private:
  struct Out {
    ChunkSender sender;
    OutCredit credit{kInitialChunkCredit};
    std::uint32_t epoch = 0;
    bool queued = false;  // in ready_, or among its target's blocked ones
    bool asked = false;   // for credit, and none has come since
  };
  struct Target {
    std::size_t on_the_way = 0;  // sent, not credited
    std::vector<TransferKey> blocked;
  };
  struct Chunk {
    wire::Header header;
    base::Slice bytes;
  };

  void make_ready(const TransferKey& key, Out& out) DAFFI_REQUIRES(mutex_);
  void look_beside() DAFFI_REQUIRES(mutex_);
  bool enough_for_now(const Out& out) const DAFFI_REQUIRES(mutex_);
  void collect(std::vector<Chunk>& chunks) DAFFI_REQUIRES(mutex_);
  Chunk make_chunk(const TransferKey& key, Out& out) DAFFI_REQUIRES(mutex_);
  void arrived(std::uint32_t member, std::size_t bytes) DAFFI_REQUIRES(mutex_);
  void counted() DAFFI_REQUIRES(mutex_);
  bool settled() const DAFFI_REQUIRES(mutex_) { return transfers_.empty() && targets_.empty(); }
  void tell_if_settled() DAFFI_REQUIRES(mutex_);

  const Send send_;
  std::atomic<std::size_t> count_{0};
  std::atomic<std::uint32_t> small_{0};
  base::Mutex mutex_;
  std::uint32_t small_seen_ DAFFI_GUARDED_BY(mutex_) = 0;
  unsigned beside_small_ DAFFI_GUARDED_BY(mutex_) = 0;  // so many more rounds
  std::unordered_map<TransferKey, Out, TransferKeyHash> transfers_ DAFFI_GUARDED_BY(mutex_);
  std::unordered_map<std::uint32_t, Target> targets_ DAFFI_GUARDED_BY(mutex_);  // those that have something on the way
  std::deque<TransferKey> ready_ DAFFI_GUARDED_BY(mutex_);
  bool pumping_ DAFFI_GUARDED_BY(mutex_) = false;
  Completion* settled_waiter_ DAFFI_GUARDED_BY(mutex_) = nullptr;
  Engine* waiting_engine_ DAFFI_GUARDED_BY(mutex_) = nullptr;
};

/// Values coming in. Threads: any.
class InTransfers {
 public:
  InTransfers(std::size_t max_value, std::size_t max_together)
      : limits_{max_value, std::make_shared<MemoryBudget>(max_together)} {}
  /// Items of streams keep to them too.
  const ValueLimits& limits() const { return limits_; }

  /// `owner`: what the value is for; comes back with it, or when the transfer ends otherwise. With a failure it stays
  /// the caller's. Errors: as Assembly::begin, and protocol when one is under way under that key.
  /// `apart` as there.
  base::Result<void> announce(const TransferKey& key, std::uint64_t total, base::Deadline deadline,
                              std::unique_ptr<Work>& owner, bool apart = false);

  struct Taken {
    enum class What : std::uint8_t {
      unknown,
      more,
      complete,
      broken,    ///< not what was announced, or more than credit allows: the peer breaks the protocol
      no_memory  ///< for the value
    } what = What::unknown;
    Received value;               ///< complete
    BudgetShare share;            ///< complete: keeps its place in the budget
    std::unique_ptr<Work> owner;  ///< complete, broken, no_memory
  };
  /// A chunk has come, whose sender may have `asked` for credit. One that belongs to nothing is thrown away.
  Taken take(const TransferKey& key, const ChunkBytes& chunk, bool asked = false);
  /// What a chunk or item frame brings; an offer of memory that it may carry is taken if its sender is there, and not
  /// only late. Nothing: it says so wrongly.
  std::optional<ChunkBytes> locate(const wire::Header& header, base::Bytes payload, bool is_there);
  /// Whether memory that is offered is taken. Off at first.
  void share_memory(bool allowed);
  /// It has left, or is not listened to any more.
  void forget_memory_of(std::uint32_t member);
  /// Members have other numbers now. Until then what they share stays: who has not heard that this process was away
  /// goes on using it.
  void forget_memory();

  /// Ends a transfer. False: it was not there. The owner goes to `owner`.
  bool drop(const TransferKey& key, std::unique_ptr<Work>& owner);
  using Owners = std::vector<std::unique_ptr<Work>>;
  Owners drop_all_of(std::uint32_t member);
  Owners drop_all();
  /// Those that have an owner.
  Owners drop_owned();
  /// Those whose time is over; `next` becomes the earliest deadline of the others, if it is earlier.
  Owners drop_expired(base::SteadyTime now, base::Deadline& next);

  /// Credit that is to be sent now, to each key's member: for what has been used up, or thrown away. Before it has
  /// been asked for it covers nothing.
  struct Grant {
    TransferKey key;
    Credit credit;
  };
  std::vector<Grant> take_grants();

  bool empty() const { return size() == 0; }
  std::size_t size() const { return count_.load(); }
  std::size_t memory() const { return limits_.budget->used(); }

 private:
  struct In {
    Assembly assembly;
    InCredit credit{kInitialChunkCredit};
    std::uint64_t due = 0;  // among grants_, in bytes
    base::Deadline deadline;
    std::unique_ptr<Work> owner;
  };
  template <typename Pick>
  Owners drop_if(Pick pick);
  static Taken::What add(In& in, const ChunkBytes& chunk);
  void grant(const TransferKey& key, const Credit& credit) DAFFI_REQUIRES(mutex_);
  void grant_rest(const TransferKey& key, const In& in) DAFFI_REQUIRES(mutex_);

  const ValueLimits limits_;
  std::atomic<std::size_t> count_{0};
  base::Mutex mutex_;
  std::unordered_map<TransferKey, In, TransferKeyHash> transfers_ DAFFI_GUARDED_BY(mutex_);
  std::vector<Grant> grants_ DAFFI_GUARDED_BY(mutex_);
  InLanes lanes_ DAFFI_GUARDED_BY(mutex_);
  std::atomic<bool> has_grants_{false};
};

/// Both directions of one node. Threads: any.
struct Transfers {
  Transfers(std::size_t max_value, std::size_t max_together, OutTransfers::Send send)
      : out(std::move(send)), in(max_value, max_together) {}
  /// Whether what is large may go by memory to those members that turn out to be on this host, and come so. Off at
  /// first.
  void share_memory(bool allowed) {
    lanes.allow(allowed);
    in.share_memory(allowed);
  }
  OutTransfers out;
  InTransfers in;
  OutLanes lanes;  ///< items of streams use them, too
};

}  // namespace daffi::rpc
