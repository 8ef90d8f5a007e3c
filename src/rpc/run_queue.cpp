/// @file  RunQueue: the account of runners and of what waits for them.
#include "rpc/run_queue.hpp"

#include <algorithm>
#include <utility>

namespace daffi::rpc {

RunQueue::Put RunQueue::put(Work& work, bool always) {
  base::Lock lock(mutex_);
  if (closed_ || (!always && !accepts())) return Put::refused;
  return append(work);
}

RunQueue::Put RunQueue::put_list(Work* first, Work*& rest) {
  base::Lock lock(mutex_);
  Put all = Put::queued;
  for (rest = first; rest != nullptr && !closed_ && accepts();) {
    Work& work = *std::exchange(rest, rest->next);
    if (append(work) == Put::queued_first) all = Put::queued_first;
  }
  return rest == first ? Put::refused : all;
}

bool RunQueue::accepts() const {
  // With every runner stuck, a queue would only hide that nothing moves (and a nested call would wait for itself).
  const bool saturated = running_ >= max_runners_ && active_ == 0;
  return queued_ < max_queued_ && !saturated;
}

RunQueue::Put RunQueue::append(Work& work) {
  work.next = nullptr;
  (tail_ == nullptr ? head_ : tail_->next) = &work;
  tail_ = &work;
  // An active runner that already had a backlog is watched by the tick; one on its last piece is not.
  return ++queued_ > 1 && active_ > 0 ? Put::queued : Put::queued_first;
}

bool RunQueue::begin(Runner& runner, bool forced, bool& backlog) {
  base::Lock lock(mutex_);
  if (queued_ == 0) return false;
  if (running_ >= max_runners_) {
    backlog = true;
    return false;
  }
  if (!forced && active_ > 0 && queued_ > 1) {
    backlog = true;
    return false;
  }
  backlog = queued_ > 1;
  runner.active = true;
  runner.previous = nullptr;
  runner.next = runners_;
  if (runners_ != nullptr) runners_->previous = &runner;
  runners_ = &runner;
  ++running_;
  ++active_;
  return true;
}

void RunQueue::end(Runner& runner) {
  if (runner.active) --active_;
  --running_;
  if (runner.previous != nullptr) runner.previous->next = runner.next;
  if (runner.next != nullptr) runner.next->previous = runner.previous;
  if (runners_ == &runner) runners_ = runner.next;
}

Work* RunQueue::take(Runner& runner, bool& last) {
  base::Lock lock(mutex_);
  if (std::exchange(runner.busy, false)) ++finished_;
  if (head_ == nullptr || (!runner.active && active_ > 0)) {
    end(runner);
    return nullptr;
  }
  if (!runner.active) {
    runner.active = true;
    ++active_;
  }
  Work* work = head_;
  head_ = work->next;
  if (head_ == nullptr) tail_ = nullptr;
  last = --queued_ == 0 || head_->heavy;
  runner.busy = true;
  return work;
}

bool RunQueue::set_aside(Runner& runner) {
  base::Lock lock(mutex_);
  if (runner.active) {
    runner.active = false;
    --active_;
  }
  return queued_ > 0;
}

RunQueue::Verdict RunQueue::judge(std::size_t cores) {
  base::Lock lock(mutex_);
  if (queued_ == 0) {
    escalation_ = 1;
    return {};
  }
  Verdict verdict{true, false, 0};
  if (finished_ == judged_at_) {
    std::size_t stuck = 0;
    for (Runner* runner = runners_; runner != nullptr; runner = runner->next) {
      if (!runner->busy) continue;
      ++stuck;
      if (std::exchange(runner->active, false)) --active_;
    }
    verdict.saturated = stuck >= max_runners_;
    verdict.takers = std::min({escalation_, queued_, max_runners_ - std::min(max_runners_, running_)});
    escalation_ = std::min<std::size_t>(escalation_ * 2, 64);
  } else {
    verdict.takers = active_ < cores ? 1 : 0;
  }
  judged_at_ = finished_;
  return verdict;
}

Work* RunQueue::close() {
  base::Lock lock(mutex_);
  closed_ = true;
  return empty();
}

Work* RunQueue::take_all() {
  base::Lock lock(mutex_);
  return empty();
}

Work* RunQueue::empty() {
  Work* all = head_;
  head_ = tail_ = nullptr;
  queued_ = 0;
  return all;
}

std::size_t RunQueue::queued() const {
  base::Lock lock(mutex_);
  return queued_;
}

std::size_t RunQueue::running() const {
  base::Lock lock(mutex_);
  return running_;
}

}  // namespace daffi::rpc
