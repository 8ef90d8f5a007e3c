/// @file  DirectoryWaits: adding, checking, handing out.
#include "node/directory_waits.hpp"

#include <utility>

namespace daffi::node {

std::uint64_t DirectoryWaits::add(Check check, Done done) {
  auto wait = std::make_shared<Wait>(Wait{std::move(check), std::move(done)});
  std::uint64_t id = 0;
  {
    base::Lock lock(mutex_);
    if (waits_.size() >= kMaxWaits) return 0;
    id = next_id_++;
    waits_.emplace(id, wait);
  }
  // Only now, so that a change between the two is seen by this check or by take_due().
  if (wait->check()) {
    base::Lock lock(mutex_);
    wait->due = true;
  }
  return id;
}

bool DirectoryWaits::forget(std::uint64_t id) {
  std::shared_ptr<Wait> dropped;  // outlives the lock: what the functions captured may do anything when destroyed
  base::Lock lock(mutex_);
  const auto at = waits_.find(id);
  if (at == waits_.end()) return false;
  dropped = std::move(at->second);
  waits_.erase(at);
  return true;
}

std::vector<DirectoryWaits::Done> DirectoryWaits::take_due() {
  struct Seen {
    std::uint64_t id;
    std::shared_ptr<Wait> wait;
    bool due;
  };
  std::vector<Seen> seen;
  {
    base::Lock lock(mutex_);
    seen.reserve(waits_.size());
    for (const auto& [id, wait] : waits_) seen.push_back({id, wait, wait->due});
  }
  for (Seen& each : seen) each.due = each.due || each.wait->check();
  std::vector<Done> out;
  base::Lock lock(mutex_);
  for (Seen& each : seen) {
    if (each.due && waits_.erase(each.id) != 0) out.push_back(std::move(each.wait->done));
  }
  return out;
}

}  // namespace daffi::node
