/// @file  TimerQueue: a binary heap whose cancelled entries are dropped late.
#include "net/timer_queue.hpp"

#include <algorithm>

namespace daffi::net {

TimerId TimerQueue::add(base::SteadyTime at, std::function<void()> task) {
  const TimerId id = ++last_id_;
  tasks_.emplace(id, std::move(task));
  heap_.push_back({at, id});
  std::push_heap(heap_.begin(), heap_.end(), later);
  return id;
}

void TimerQueue::cancel(TimerId id) {
  // Kept alive until the end: what the task owns may come back here when it is destroyed.
  const auto node = tasks_.extract(id);
  if (node.empty()) return;
  if (heap_.size() > 64 && heap_.size() > 2 * tasks_.size()) {
    std::erase_if(heap_, [this](const Entry& entry) { return !tasks_.contains(entry.id); });
    std::make_heap(heap_.begin(), heap_.end(), later);
  }
  drop_cancelled();
}

std::optional<base::SteadyTime> TimerQueue::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().at;
}

std::function<void()> TimerQueue::take_due(base::SteadyTime now, TimerId limit) {
  if (heap_.empty() || heap_.front().at > now || heap_.front().id >= limit) return {};
  auto node = tasks_.extract(heap_.front().id);
  drop_cancelled();
  return std::move(node.mapped());
}

void TimerQueue::clear() {
  heap_.clear();
  std::exchange(tasks_, {}).clear();
}

// Keeps the first entry of the heap a live one.
void TimerQueue::drop_cancelled() {
  while (!heap_.empty() && !tasks_.contains(heap_.front().id)) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    heap_.pop_back();
  }
}

}  // namespace daffi::net
