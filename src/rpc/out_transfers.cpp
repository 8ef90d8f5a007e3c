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
// So many of those whose bytes go by memory are told of together: each time wakes two processes.
constexpr std::size_t kTogether = 8;
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
  arrived(key, static_cast<std::size_t>(granted.bytes));
  if (out.epoch != 0) make_ready(key, out);
  return Credited::taken;
}

void OutTransfers::late_credit(const TransferKey& key, const Credit& granted) {
  base::Lock lock(mutex_);
  arrived(key, static_cast<std::size_t>(granted.bytes));
}

void OutTransfers::share_memory(bool allowed) {
  base::Lock lock(mutex_);
  lanes_.allow(allowed);
}

void OutTransfers::memory_accepted(std::uint32_t member) {
  base::Lock lock(mutex_);
  lanes_.accepted(member);
}

void OutTransfers::arrived(const TransferKey& key, std::size_t bytes) {
  lanes_.credited(key, bytes);
  const auto found = targets_.find(key.member);
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
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const bool more = chunks[i].slot && i + 1 < chunks.size() && (i + 1) % kTogether != 0;
      send(chunks[i], more);
    }
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
    out.queued = !chunk.bytes.bytes.empty() && !out.sender.done();
    if (out.queued) ready_.push_back(key);
    if (chunk.bytes.bytes.empty()) continue;
    targets_[key.member].on_the_way += chunk.bytes.bytes.size();
    chunks.push_back(std::move(chunk));
    if (!out.sender.done()) continue;
    transfers_.erase(found);
    counted();
  }
}

// No bytes: not now.
OutTransfers::Chunk OutTransfers::make_chunk(const TransferKey& key, Out& out) {
  Chunk chunk{.header = {.kind = wire::FrameKind::chunk}, .bytes = {}, .offer = {}, .slot = {}};
  if (enough_for_now(out)) return chunk;
  const bool offers = lanes_.wants_offer(key.member);
  const std::size_t most = beside_small_ > 0 ? kBesideChunk : wire::kMaxChunk;
  chunk.bytes = out.sender.next(out.credit, offers ? most - kOfferSize : most);
  if (chunk.bytes.bytes.empty()) return chunk;
  if (offers) chunk.offer = lanes_.offer(key.member);
  chunk.slot = lanes_.place(key, chunk.bytes.bytes.size());
  wire::Header& header = chunk.header;
  if (key.from_callee) header.flags |= wire::kFromCallee;
  if (chunk.offer) header.flags |= wire::kOffersMemory;
  // An answer to an offer comes with credit.
  if (beside_small_ > 0 || chunk.offer) {
    header.flags |= wire::kAsksCredit;
    out.asked = true;
  }
  header.epoch = out.epoch;
  header.member = key.member;
  header.id = key.id;
  return chunk;
}

// What a lane cannot take goes through the socket all the same.
void OutTransfers::send(const Chunk& chunk, bool more) const {
  wire::Header header = chunk.header;
  const base::Bytes bytes = chunk.bytes.bytes;
  const auto go = [&](base::Bytes front, const base::Slice& rest) {
    header.size = static_cast<std::uint32_t>(front.size() + rest.bytes.size());
    send_(header, front, rest, more);
  };
  if (chunk.offer) return go(encode_offer(*chunk.offer), chunk.bytes);
  if (!chunk.slot || !chunk.slot->memory->write(chunk.slot->number * wire::kMaxChunk, bytes))
    return go({}, chunk.bytes);
  header.flags |= wire::kShared;
  go(encode_place({chunk.slot->number, static_cast<std::uint32_t>(bytes.size())}), {});
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
  lanes_.forget(member);
  counted();
}

void OutTransfers::abort_all() {
  base::Lock lock(mutex_);
  transfers_.clear();
  targets_.clear();
  ready_.clear();
  lanes_.clear();
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
