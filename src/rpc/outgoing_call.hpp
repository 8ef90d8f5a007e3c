/// @file  OutgoingCall: a call this process has made and that has not ended. CallTable: all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/annotations.hpp"
#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "daffi/detail/invocation.hpp"
#include "rpc/chunk_sender.hpp"
#include "rpc/engine.hpp"
#include "rpc/gathering.hpp"

namespace daffi::rpc {

class IncomingItems;
class OutgoingItems;

/// A call under way. It has one owner at a time: the table while it waits for an answer, else whoever took it out (to
/// end it, or to send it again). Strand: its owner.
class OutgoingCall : public Completion {
 public:
  /// `call_spec` lives as long as the call.
  explicit OutgoingCall(const detail::CallSpec& call_spec) : spec(call_spec) {}
  virtual ~OutgoingCall() = default;
  /// Reply or failure is set: tells whoever waits. The call may be gone afterwards.
  virtual void settle(Engine& engine) = 0;

  /// Where items of the callee go, and whose credit it grants; nullptr: nothing of the kind. Under the table's mutex.
  virtual std::shared_ptr<IncomingItems> incoming() { return nullptr; }
  virtual std::shared_ptr<OutgoingItems> outgoing() { return nullptr; }

  const detail::CallSpec& spec;
  std::atomic<std::uint64_t> id{0};   ///< in the table, of the last attempt; 0 before the first
  std::atomic<bool> unwanted{false};  ///< its caller has given it up, perhaps while it is between two places
  bool waits_itself = false;          ///< whoever waits for it watches its deadline
  static constexpr std::uint32_t kMany = 0xFFFFFFFF;
  std::uint32_t target = 0;                  ///< member it was sent to; kMany: those that `gathering` knows
  std::unique_ptr<Gathering> gathering;      ///< of a broadcast, from when it is sent
  std::vector<std::uint32_t> tried;          ///< members that did not take it
  base::Deadline deadline;                   ///< end of the caller's patience
  bool code_sent = false;                    ///< the code itself, not only its hash
  bool sent = false;                         ///< a frame may have left for `target`
  bool waited = false;                       ///< for one who was away, or expected back
  std::optional<base::SteadyTime> patience;  ///< how long a place is looked for; set when first parked
  std::optional<base::Failure> refusal;      ///< why the last of `tried` did not take it
  bool bounced = false;                      ///< … it never reached that one
  bool completed = false;                    ///< it was answered by a stream, which has ended
  bool chunked = false;                      ///< its arguments are announced and follow in chunks
  LargeValue large;                          ///< … these, as long as they may be sent (again)
  std::shared_ptr<const void> lender;        ///< … of them: its caller wants its memory back
  base::Bytes shown;                         ///< its arguments, for errors' texts; only while a place is looked for
  detail::Reply reply;
  std::optional<base::Failure> failure;
};

/// Threads: any. Bounded: add() fails beyond the limit.
class CallTable {
 public:
  explicit CallTable(std::size_t limit) : limit_(limit) {}

  /// Takes the call in under a new id (never 0, not reused soon). False: the table is full or closed, or the call is
  /// unwanted.
  bool add(OutgoingCall& call);
  /// Takes it out: by an answer from `member`, which must be the one it was sent to. nullptr: not there (any more).
  OutgoingCall* take(std::uint64_t id, std::uint32_t member);
  /// An answer to a call that went to many, or (expect) who they are. `known`: such a call waited for it; `call`: it
  /// waits for nobody else, and is taken out.
  struct Part {
    bool known = false;
    OutgoingCall* call = nullptr;
  };
  Part take_part(std::uint64_t id, std::uint32_t member, wire::FrameKind kind, base::Bytes payload);
  Part expect(std::uint64_t id, std::vector<std::pair<std::uint32_t, std::string>> members);
  /// Takes it out, whoever has it.
  OutgoingCall* take(std::uint64_t id);
  /// What an answer says, and whose it turned out to be. Value.
  struct Answered {
    std::uint64_t id = 0;
    std::uint32_t member = 0;
    OutgoingCall* call = nullptr;
  };
  /// The same as take(id, member) for each of them, in order.
  void take(std::span<Answered> answers);
  /// Those of a call to `member`, which stays in.
  std::shared_ptr<IncomingItems> incoming(std::uint64_t id, std::uint32_t member) const;
  std::shared_ptr<OutgoingItems> outgoing(std::uint64_t id, std::uint32_t member) const;
  /// It was there when looked at, and waited for an answer from that member, or from many.
  bool contains(std::uint64_t id, std::uint32_t member) const;
  /// Its result may have a body.
  bool reads_body(std::uint64_t id, std::uint32_t member) const;
  std::vector<OutgoingCall*> take_sent_to(std::uint32_t member);
  /// The calls that wait for that member alone; they stay in. For take(), later.
  std::vector<Answered> sent_to(std::uint32_t member) const;
  /// The member will answer nothing any more: takes out those that went to many and now wait for nobody.
  std::vector<OutgoingCall*> take_completed_without(std::uint32_t member);
  std::vector<OutgoingCall*> take_expired(base::SteadyTime now);
  std::vector<OutgoingCall*> take_all();
  /// No more calls are taken in.
  void close();

  /// The earliest deadline among calls whose owner does not wait for it itself.
  base::Deadline next_deadline() const;
  std::uint32_t pending_on(std::uint32_t member) const;
  /// Without a lock: a moment later it may be another.
  std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  bool full() const { return size() >= limit_; }

 private:
  using Pending = std::unordered_map<std::uint32_t, std::uint32_t>;
  struct Slot {
    OutgoingCall* call = nullptr;
    Pending::value_type* pending = nullptr;  // where its target's calls are counted
    std::uint64_t generation = 1;
  };
  static constexpr unsigned kIndexBits = 24;

  OutgoingCall* find_and_release(std::uint64_t id, std::uint32_t member) DAFFI_REQUIRES(mutex_);
  OutgoingCall* release(std::size_t index) DAFFI_REQUIRES(mutex_);
  OutgoingCall* find(std::uint64_t id) DAFFI_REQUIRES(mutex_);
  Part part_of(OutgoingCall& call, bool known) DAFFI_REQUIRES(mutex_);
  OutgoingCall* find(std::uint64_t id, std::uint32_t member) const DAFFI_REQUIRES(mutex_);
  template <typename Pick>
  std::vector<OutgoingCall*> take_if(Pick pick);

  const std::size_t limit_;
  mutable base::Mutex mutex_;
  std::vector<Slot> slots_ DAFFI_GUARDED_BY(mutex_);
  std::vector<std::uint32_t> free_ DAFFI_GUARDED_BY(mutex_);
  Pending pending_ DAFFI_GUARDED_BY(mutex_);
  Pending::value_type* latest_pending_ DAFFI_GUARDED_BY(mutex_) = nullptr;  // most calls go where the last one went
  std::atomic<std::size_t> size_{0};                                        // changed under the mutex
  bool closed_ DAFFI_GUARDED_BY(mutex_) = false;
};

}  // namespace daffi::rpc
