/// @file  InTransfers: values on their way in.
#include "rpc/transfers.hpp"

#include <algorithm>
#include <utility>

namespace daffi::rpc {

base::Result<void> InTransfers::announce(const TransferKey& key, std::uint64_t total, base::Deadline deadline,
                                         std::unique_ptr<Work>& owner, bool apart) {
  base::Lock lock(mutex_);
  if (transfers_.contains(key)) {
    return base::fail(ErrorCode::protocol, "a second value is announced before the first has come");
  }
  auto assembly = Assembly::begin(total, limits_.max_value, limits_.budget, apart);
  if (!assembly.ok()) return assembly.failure();
  transfers_.emplace(key, In{.assembly = std::move(*assembly), .deadline = deadline, .owner = std::move(owner)});
  count_.store(transfers_.size());
  return {};
}

InTransfers::Taken::What InTransfers::add(In& in, const ChunkBytes& chunk) {
  const std::size_t missing = in.assembly.total() - in.assembly.received();
  if (chunk.empty() || chunk.size() > std::min<std::size_t>(missing, wire::kMaxChunk)) return Taken::What::broken;
  if (chunk.is_nowhere() || !in.credit.take({chunk.size(), 0})) return Taken::What::broken;
  if (!in.assembly.add(chunk)) return Taken::What::no_memory;
  return in.assembly.complete() ? Taken::What::complete : Taken::What::more;
}

InTransfers::Taken InTransfers::take(const TransferKey& key, const ChunkBytes& chunk, bool asked) {
  Taken taken;
  const Credit cost{chunk.size(), 0};  // items cost nothing: chunks are none
  base::Lock lock(mutex_);
  const auto found = transfers_.find(key);
  if (found == transfers_.end()) {
    if (!chunk.empty()) grant(key, cost);
    return taken;
  }
  In& in = found->second;
  taken.what = add(in, chunk);
  if (taken.what == Taken::What::more) {
    if (const auto due = in.credit.used_until_granted(cost, asked)) {
      in.due += due->bytes;
      grant(key, *due);
    }
    return taken;
  }
  taken.owner = std::move(in.owner);
  grant_rest(key, in);
  if (taken.what == Taken::What::complete) {
    taken.value = in.assembly.take();
    taken.share = in.assembly.take_share();
  }
  transfers_.erase(found);
  count_.store(transfers_.size());
  return taken;
}

std::optional<ChunkBytes> InTransfers::locate(const wire::Header& header, base::Bytes payload, bool is_there) {
  constexpr std::uint8_t kEither = wire::kShared | wire::kOffersMemory;
  if ((header.flags & kEither) == 0) return ChunkBytes(payload);
  base::Lock lock(mutex_);
  if ((header.flags & kEither) == wire::kShared) return lanes_.find(header.member, payload);
  if ((header.flags & wire::kShared) != 0 || payload.size() <= kOfferSize) return std::nullopt;
  if (is_there) (void)lanes_.take(header.member, decode_offer(payload.first(kOfferSize)));
  return ChunkBytes(payload.subspan(kOfferSize));
}

void InTransfers::share_memory(bool allowed) {
  base::Lock lock(mutex_);
  lanes_.allow(allowed);
}

void InTransfers::forget_memory_of(std::uint32_t member) {
  base::Lock lock(mutex_);
  lanes_.forget(member);
}

void InTransfers::forget_memory() {
  base::Lock lock(mutex_);
  lanes_.clear();
}

void InTransfers::grant(const TransferKey& key, const Credit& credit) {
  grants_.push_back({key, credit});
  has_grants_.store(true);
}

// At the end of a transfer nobody needs more credit, but its sender counts what is on its way to us.
void InTransfers::grant_rest(const TransferKey& key, const In& in) {
  const std::uint64_t rest = wire::kInitialChunkCredit - in.credit.granted().bytes - in.due;
  if (rest > 0) grant(key, Credit{rest, 0});
}

std::vector<InTransfers::Grant> InTransfers::take_grants() {
  if (!has_grants_.load()) return {};
  base::Lock lock(mutex_);
  has_grants_.store(false);
  for (const Grant& grant : grants_) {
    const auto found = transfers_.find(grant.key);
    if (found == transfers_.end()) continue;
    const auto bytes = std::min(found->second.due, grant.credit.bytes);
    found->second.due -= bytes;
    found->second.credit.grant({bytes, 0});
  }
  return std::exchange(grants_, {});
}

bool InTransfers::drop(const TransferKey& key, std::unique_ptr<Work>& owner) {
  if (empty()) return false;
  base::Lock lock(mutex_);
  const auto found = transfers_.find(key);
  if (found == transfers_.end()) return false;
  owner = std::move(found->second.owner);
  grant_rest(key, found->second);
  transfers_.erase(found);
  count_.store(transfers_.size());
  return true;
}

template <typename Pick>
InTransfers::Owners InTransfers::drop_if(Pick pick) {
  Owners owners;
  if (empty()) return owners;
  base::Lock lock(mutex_);
  for (auto it = transfers_.begin(); it != transfers_.end();) {
    if (!pick(it->first, it->second)) {
      ++it;
      continue;
    }
    grant_rest(it->first, it->second);
    if (it->second.owner) owners.push_back(std::move(it->second.owner));
    it = transfers_.erase(it);
  }
  count_.store(transfers_.size());
  return owners;
}

InTransfers::Owners InTransfers::drop_all_of(std::uint32_t member) {
  {
    base::Lock lock(mutex_);
    lanes_.was_away(member);
  }
  return drop_if([member](const TransferKey& key, const In&) { return key.member == member; });
}

InTransfers::Owners InTransfers::drop_all() {
  auto owners = drop_if([](const TransferKey&, const In&) { return true; });
  (void)take_grants();
  return owners;
}

InTransfers::Owners InTransfers::drop_owned() {
  return drop_if([](const TransferKey&, const In& in) { return in.owner != nullptr; });
}

InTransfers::Owners InTransfers::drop_expired(base::SteadyTime now, base::Deadline& next) {
  return drop_if([&](const TransferKey&, const In& in) {
    if (!in.owner || in.deadline.passed(now)) return in.owner != nullptr;
    next = base::Deadline::earlier(next, in.deadline);
    return false;
  });
}

}  // namespace daffi::rpc
