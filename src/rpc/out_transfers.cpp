/// @file  OutTransfers: a chunk of each in turn.
#include <algorithm>

#include "rpc/transfers.hpp"

namespace daffi::rpc {
namespace {

// Sent to one member and not credited by it: what a receiver that has stopped may make its controller hold. Whoever
// exceeds Options::max_bulk_bytes_per_pair of the controller is closed; streams have credit of their own beside this.
constexpr std::size_t kMaxOnTheWay = 64u << 20;
// Chunks collected under the lock before they are sent outside it.
constexpr std::size_t kBatch = 8;
// While small frames use the same connection: how much of a value is on its way, about, in chunks of how many bytes.
// What is small waits for no more than that, and a receiver is asked to credit each of them at once.
constexpr std::size_t kBesideSmall = 16 * 1024;
constexpr std::size_t kBesideChunk = 16 * 1024;
// Rounds of pump() without anything small, until that is over.
constexpr unsigned kBesideRounds = 16;

}  // namespace

void OutTransfers::add(const TransferKey& key, LargeValue value) {
  base::Lock lock(mutex_);
  transfers_.insert_or_assign(key, Out{ChunkSender(std::move(value))});
  count_.store(transfers_.size());
}

void OutTransfers::release(const TransferKey& key, std::uint32_t epoch) {
  base::Lock lock(mutex_);
  const auto found = transfers_.find(key);
  if (found == transfers_.end()) return;
  found->second.epoch = epoch;
  make_ready(key, found->second);
}

void OutTransfers::make_ready(const TransferKey& key, Out& out) {
  if (std::exchange(out.queued, true)) return;
  ready_.push_back(key);
}

OutTransfers::Credited OutTransfers::credit(const TransferKey& key, const Credit& granted) {
  if (empty()) return Credited::unknown;
  base::Lock lock(mutex_);
  const auto found = transfers_.find(key);
  if (found == transfers_.end()) return Credited::unknown;
  Out& out = found->second;
  // More than came cannot have been used up.
  const bool believable = out.credit.available().bytes + granted.bytes <= wire::kInitialChunkCredit;
  if (!believable || out.credit.add(granted) == OutCredit::Added::violation) {
    transfers_.erase(found);
    counted();
    return Credited::violation;
  }
  out.asked = false;
  arrived(key.member, static_cast<std::size_t>(granted.bytes));
  if (out.epoch != 0) make_ready(key, out);
  return Credited::taken;
}

void OutTransfers::late_credit(std::uint32_t member, const Credit& granted) {
  base::Lock lock(mutex_);
  arrived(member, static_cast<std::size_t>(granted.bytes));
}

void OutTransfers::arrived(std::uint32_t member, std::size_t bytes) {
  const auto found = targets_.find(member);
  if (found == targets_.end()) return;
  Target& target = found->second;
  target.on_the_way -= std::min(bytes, target.on_the_way);
  for (const TransferKey& key : std::exchange(target.blocked, {})) ready_.push_back(key);
  if (target.on_the_way == 0) targets_.erase(found);
  tell_if_settled();
}

void OutTransfers::pump() {
  if (empty()) return;
  std::vector<Chunk> chunks;
  {
    base::Lock lock(mutex_);
    look_beside();
    if (std::exchange(pumping_, true)) return;
  }
  // One thread at a time, so that a transfer's chunks stay in order; what becomes ready meanwhile it finds itself.
  for (;;) {
    {
      base::Lock lock(mutex_);
      collect(chunks);
      if (chunks.empty()) {
        pumping_ = false;
        return;
      }
    }
    for (const Chunk& chunk : chunks) send_(chunk.header, chunk.bytes, &chunk != &chunks.back());
    chunks.clear();
  }
}

void OutTransfers::look_beside() {
  const std::uint32_t small = small_.load(std::memory_order_relaxed);
  if (small != std::exchange(small_seen_, small)) {
    beside_small_ = kBesideRounds;
  } else if (beside_small_ > 0) {
    --beside_small_;
  }
}

// Only where credit was asked for, and so will come.
bool OutTransfers::enough_for_now(const Out& out) const {
  if (beside_small_ == 0 || !out.asked) return false;
  return kInitialChunkCredit.bytes - out.credit.available().bytes >= kBesideSmall;
}

void OutTransfers::collect(std::vector<Chunk>& chunks) {
  while (chunks.size() < kBatch && !ready_.empty()) {
    const TransferKey key = ready_.front();
    ready_.pop_front();
    const auto found = transfers_.find(key);
    if (found == transfers_.end()) continue;
    Out& out = found->second;
    const auto to = targets_.find(key.member);
    if (to != targets_.end() && to->second.on_the_way >= kMaxOnTheWay) {
      to->second.blocked.push_back(key);
      continue;
    }
    Chunk chunk = make_chunk(key, out);
    const std::size_t size = chunk.bytes.bytes.size();
    out.queued = size > 0 && !out.sender.done();
    if (out.queued) ready_.push_back(key);
    if (size == 0) continue;
    targets_[key.member].on_the_way += size;
    chunks.push_back(std::move(chunk));
    if (!out.sender.done()) continue;
    transfers_.erase(found);
    counted();
  }
}

// No bytes: not now.
OutTransfers::Chunk OutTransfers::make_chunk(const TransferKey& key, Out& out) {
  Chunk chunk{.header = {.kind = wire::FrameKind::chunk}, .bytes = {}};
  if (!enough_for_now(out))
    chunk.bytes = out.sender.next(out.credit, beside_small_ > 0 ? kBesideChunk : wire::kMaxChunk);
  if (chunk.bytes.bytes.empty()) return chunk;
  if (key.from_callee) chunk.header.flags |= wire::kFromCallee;
  if (beside_small_ > 0) {
    chunk.header.flags |= wire::kAsksCredit;
    out.asked = true;
  }
  chunk.header.epoch = out.epoch;
  chunk.header.member = key.member;
  chunk.header.id = key.id;
  return chunk;
}

LargeValue OutTransfers::abort(const TransferKey& key) {
  if (empty()) return {};
  base::Lock lock(mutex_);
  const auto found = transfers_.find(key);
  if (found == transfers_.end()) return {};
  LargeValue value = found->second.sender.value();
  transfers_.erase(found);
  counted();
  return value;
}

void OutTransfers::abort_all_of(std::uint32_t member) {
  base::Lock lock(mutex_);
  std::erase_if(transfers_, [member](const auto& entry) { return entry.first.member == member; });
  targets_.erase(member);
  counted();
}

void OutTransfers::abort_all() {
  base::Lock lock(mutex_);
  transfers_.clear();
  targets_.clear();
  ready_.clear();
  counted();
}

void OutTransfers::counted() {
  count_.store(transfers_.size());
  tell_if_settled();
}

void OutTransfers::tell_if_settled() {
  if (settled() && settled_waiter_ != nullptr) waiting_engine_->finish(*std::exchange(settled_waiter_, nullptr));
}

void OutTransfers::wait_settled(Engine& engine, base::Deadline deadline) {
  Completion done;
  {
    base::Lock lock(mutex_);
    if (settled() || settled_waiter_ != nullptr) return;
    settled_waiter_ = &done;
    waiting_engine_ = &engine;
  }
  (void)engine.wait(done, deadline);
  base::Lock lock(mutex_);
  if (settled_waiter_ == &done) settled_waiter_ = nullptr;
}

}  // namespace daffi::rpc
