/// @file  Balancer: filters, then one of four ways to choose.
#include "node/balancer.hpp"

#include <algorithm>
#include <iterator>

#include "base/random.hpp"
#include "node/name_hash.hpp"

namespace daffi::node {
namespace {

using Indexes = std::vector<std::uint32_t>;

std::uint64_t cheap_random() {
  thread_local std::uint64_t state = base::random_u64();
  state += 0x9e3779b97f4a7c15;
  return mix(state);
}

void available(const std::vector<Holder>& holders, const std::vector<MemberId>& tried, Indexes& out) {
  out.clear();
  for (std::size_t i = 0; i < holders.size(); ++i) {
    const Holder& holder = holders[i];
    if (holder.suspended || holder.draining) continue;
    if (!tried.empty() && std::ranges::find(tried, holder.member) != tried.end()) continue;
    out.push_back(static_cast<std::uint32_t>(i));
  }
}

// Leaves those whose signature takes the arguments. When none does all stay: whichever is chosen, the check of its
// signature then says what is wrong.
void keep_accepting(const std::vector<Holder>& holders, const detail::CallSpec& spec, Indexes& indexes) {
  const auto signature = [&](std::uint32_t i) { return holders[i].signature.get(); };
  const Signature* first = signature(indexes.front());
  if (std::ranges::all_of(indexes, [&](std::uint32_t i) { return signature(i) == first; })) return;
  // Holders of one program stand together and share their signature: each is checked about once.
  const Signature* checked = nullptr;
  bool accepted = true;
  const auto accepts = [&](std::uint32_t i) {
    const Signature* its = signature(i);
    if (!its) return true;
    if (its != checked) {
      checked = its;
      accepted = !check_arguments(spec.name, *its, spec.positional, spec.keywords);
    }
    return accepted;
  };
  thread_local Indexes fitting;
  fitting.clear();
  std::ranges::copy_if(indexes, std::back_inserter(fitting), accepts);
  if (!fitting.empty()) indexes.swap(fitting);
}

// Rendezvous hashing: every holder has its own rank for the key, so that the loss of one moves only its own keys.
std::size_t highest(const std::vector<Holder>& holders, const Indexes& indexes, std::string_view key) {
  const std::uint64_t key_hash = name_hash(key);
  const auto rank = [&](std::uint32_t i) {
    const Holder& holder = holders[i];
    return mix(key_hash ^ (holder.name_hash != 0 ? holder.name_hash : mix(holder.member)));
  };
  return *std::ranges::max_element(indexes, {}, rank);
}

// Of equally loaded ones the first from `start` on, so that idle holders take turns.
std::size_t least_loaded(const std::vector<Holder>& holders, const Indexes& indexes, std::size_t start,
                         const PendingCounts& pending) {
  std::size_t best = 0;
  std::uint32_t fewest = 0;
  for (std::size_t k = 0; k < indexes.size(); ++k) {
    const std::size_t i = indexes[(start + k) % indexes.size()];
    const std::uint32_t count = pending.pending_on(holders[i].member);
    if (k != 0 && count >= fewest) continue;
    best = i;
    fewest = count;
  }
  return best;
}

}  // namespace

Balancer::Balancer() = default;

std::optional<std::size_t> Balancer::choose(const std::vector<Holder>& holders, const detail::CallSpec& spec,
                                            detail::Balance mode, const std::vector<MemberId>& tried,
                                            const PendingCounts& pending) {
  // The usual case: one process holds it, and takes calls.
  if (holders.size() == 1 && tried.empty() && !holders[0].suspended && !holders[0].draining) return 0;
  thread_local Indexes indexes;  // keeps its memory from call to call
  available(holders, tried, indexes);
  if (indexes.empty()) return std::nullopt;
  if (indexes.size() > 1) keep_accepting(holders, spec, indexes);
  if (indexes.size() == 1) return indexes.front();
  switch (mode) {
    case detail::Balance::random:
      return indexes[cheap_random() % indexes.size()];
    case detail::Balance::least_pending:
      return least_loaded(holders, indexes, next_turn(spec.name), pending);
    case detail::Balance::sticky:
      if (!spec.key.empty()) return highest(holders, indexes, spec.key);
      break;
    case detail::Balance::unset:
    case detail::Balance::round_robin:
      break;
  }
  return indexes[next_turn(spec.name) % indexes.size()];
}

std::size_t Balancer::next_turn(std::string_view callback) {
  const std::uint64_t hash = name_hash(callback);
  for (std::size_t probe = 0; probe < kProbes; ++probe) {
    Slot& slot = slots_[(hash + probe) % kSlots];
    std::uint64_t owner = slot.name_hash.load(std::memory_order_relaxed);
    if (owner == 0 && slot.name_hash.compare_exchange_strong(owner, hash, std::memory_order_relaxed)) {
      // A random start, so that many short-lived callers do not all begin with the same holder.
      slot.turn.fetch_add(static_cast<std::uint32_t>(cheap_random()), std::memory_order_relaxed);
      owner = hash;
    }
    if (owner == hash) return slot.turn.fetch_add(1, std::memory_order_relaxed);
  }
  return static_cast<std::size_t>(cheap_random());
}

}  // namespace daffi::node
