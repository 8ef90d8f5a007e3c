/// @file  Waiting: leading, following, and passing the lead on.
#include "rpc/waiting.hpp"

#include <algorithm>

#include "base/per_thread.hpp"
#include "rpc/futex.hpp"
#include "rpc/interrupt.hpp"

namespace daffi::rpc {
namespace {

// What this thread waits for as a leader: it needs no wake for what it finishes itself.
DAFFI_PER_THREAD const Completion* leading = nullptr;

base::SteadyTime now() { return base::Clock::system().now(); }

// How long a wait that a signal may end goes on before it asks by itself.
constexpr auto kAskAgain = std::chrono::seconds(1);

base::Deadline asking_by(base::Deadline deadline) {
  if (!WaitInterrupt::wanted()) return deadline;
  return base::Deadline::earlier(deadline, base::Deadline::in(base::Clock::system(), kAskAgain));
}

}  // namespace

Waiting::Waiting(net::WaitSets& sets, base::Duration busy_poll, std::function<bool()> read,
                 std::function<void()> after_lead)
    : sets_(sets), busy_poll_(busy_poll), read_(std::move(read)), after_lead_(std::move(after_lead)) {}

bool Waiting::wait(Completion& what, base::Deadline deadline) {
  while (!what.done()) {
    if (WaitInterrupt::happened() || (!deadline.is_never() && deadline.passed(now()))) return what.done();
    Completion* nobody = nullptr;
    if (leader_.compare_exchange_strong(nobody, &what)) {
      lead(what, deadline);
      leader_.store(nullptr);
      after_lead_();
      promote_one();
    } else {
      follow(what, deadline);
    }
  }
  return true;
}

void Waiting::lead(Completion& what, base::Deadline deadline) {
  const Completion* outer = leading;
  leading = &what;
  if (busy_poll_ > base::Duration::zero()) spin(what, deadline);
  while (!what.done()) {
    const auto left = deadline.is_never() ? base::Duration::max() : deadline.left(now());
    if (left <= base::Duration::zero() || WaitInterrupt::happened()) break;
    const bool asks = WaitInterrupt::wanted();
    const net::Wake wake = sets_.wait_user(asks ? std::min<base::Duration>(left, kAskAgain) : left);
    // Whatever ended the wait: the kernel may have told this thread, and nobody else, that there is input.
    read_for(what);
    if (asks && (wake.interrupted || wake.timed_out) && !what.done()) WaitInterrupt::ask();
    if (wake.stopped && !what.done()) {
      // The set is of no use any more; what is awaited ends soon, by its owner's hand.
      const auto short_while = base::Deadline::in(base::Clock::system(), std::chrono::milliseconds(5));
      const std::uint32_t seen = what.state.fetch_or(Completion::kSleepers);
      if ((seen & Completion::kDone) == 0) {
        futex_wait(what.state, seen | Completion::kSleepers, base::Deadline::earlier(deadline, short_while));
      }
    }
  }
  leading = outer;
}

void Waiting::spin(Completion& what, base::Deadline deadline) {
  const auto until = base::Deadline::earlier(base::Deadline::in(base::Clock::system(), busy_poll_), deadline);
  while (!what.done() && !until.passed(now())) read_for(what);
}

// Reads all there is; as soon as its own matter is settled it leaves the rest to another thread.
void Waiting::read_for(const Completion& what) {
  while (read_()) {
    if (what.done()) return sets_.kick_worker();
  }
}

// Sleeps until done, the deadline, or until chosen to lead. Returns with the matter undecided: wait() looks again.
bool Waiting::follow(Completion& what, base::Deadline deadline) {
  Follower self{&what};
  enlist(self);
  // The leader may have left between our attempt to lead and enlist(): it would not have seen us.
  if (leader_.load() != nullptr) {
    const std::uint32_t seen = what.state.fetch_or(Completion::kSleepers);
    if ((seen & (Completion::kDone | Completion::kPromoted)) == 0) {
      if (!futex_wait(what.state, seen | Completion::kSleepers, asking_by(deadline))) WaitInterrupt::ask();
    }
  }
  dismiss(self);
  const bool promoted = (what.state.fetch_and(~Completion::kPromoted) & Completion::kPromoted) != 0;
  // Chosen, but with nothing left to wait for: the choice passes on.
  const bool over = what.done() || WaitInterrupt::happened() || (!deadline.is_never() && deadline.passed(now()));
  if (promoted && over) promote_one();
  return what.done();
}

void Waiting::promote_one() {
  const std::atomic<std::uint32_t>* word = nullptr;
  {
    base::Lock lock(mutex_);
    if (followers_ == nullptr || leader_.load() != nullptr) return;
    // Under the mutex the follower is still enlisted, so its completion is still there.
    followers_->what->state.fetch_or(Completion::kPromoted);
    word = &followers_->what->state;
  }
  futex_wake_all(word);
}

void Waiting::enlist(Follower& follower) {
  base::Lock lock(mutex_);
  follower.next = followers_;
  if (followers_ != nullptr) followers_->previous = &follower;
  followers_ = &follower;
}

void Waiting::dismiss(Follower& follower) {
  base::Lock lock(mutex_);
  if (follower.previous != nullptr) follower.previous->next = follower.next;
  if (follower.next != nullptr) follower.next->previous = follower.previous;
  if (followers_ == &follower) followers_ = follower.next;
}

void Waiting::finish(Completion& what) {
  const Completion* address = &what;
  const std::atomic<std::uint32_t>* word = &what.state;
  const bool own = leading == address;
  const std::uint32_t before = what.state.fetch_or(Completion::kDone);
  // From here on `what` may be gone: only its address is used.
  if ((before & Completion::kSleepers) != 0) futex_wake_all(word);
  if (!own && leader_.load() == address) sets_.wake_user();
}

}  // namespace daffi::rpc
