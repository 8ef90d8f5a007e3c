/// @file  DeferredList: batches, so that one that defers itself again cannot hold up the loop.
#include "net/deferred_list.hpp"

#include <algorithm>
#include <utility>

namespace daffi::net {

void DeferredList::add(Deferred& deferred) {
  if (std::exchange(deferred.queued_, true)) return;
  waiting_.push_back(&deferred);
}

void DeferredList::remove(Deferred& deferred) {
  if (!std::exchange(deferred.queued_, false)) return;
  std::erase(waiting_, &deferred);
  std::replace(running_.begin(), running_.end(), &deferred, static_cast<Deferred*>(nullptr));
}

bool DeferredList::run() {
  if (waiting_.empty()) return false;
  running_.swap(waiting_);
  for (std::size_t i = 0; i < running_.size(); ++i) {
    Deferred* deferred = std::exchange(running_[i], nullptr);
    if (deferred == nullptr) continue;
    deferred->queued_ = false;
    deferred->run_deferred();
  }
  running_.clear();
  return true;
}

}  // namespace daffi::net
