/// @file  IncomingItems: a buffer that is filled under the read role, and one that is taken from; they change places.
#include "rpc/incoming_items.hpp"

#include <cstring>
#include <utility>

#include "rpc/task_work.hpp"

namespace daffi::rpc {
namespace {

using Size = std::uint32_t;

// The consumer tells the account so often, at the latest, what it has used up.
constexpr Credit kAccountedAt{kInitialCredit.bytes / 4, kInitialCredit.items / 4};
// An empty buffer larger than this goes back to the system.
constexpr std::size_t kKept = 64 * 1024;

}  // namespace

IncomingItems::Put IncomingItems::put(const wire::Header& header, base::Bytes item) {
  const auto size = static_cast<Size>(item.size());
  base::Lock lock(mutex_);
  if (!credit_.take({size, 1})) return Put::violation;
  if (closed_ || ended_) return Put::dropped;
  if (!std::exchange(begun_, true)) from_ = header;
  const std::size_t at = filling_.size();
  filling_.resize(at + sizeof size + size);
  std::memcpy(filling_.data() + at, &size, sizeof size);
  if (size > 0) std::memcpy(filling_.data() + at + sizeof size, item.data(), size);
  return Put::taken;
}

void IncomingItems::end(std::optional<base::Failure> failure) {
  base::Lock lock(mutex_);
  if (std::exchange(ended_, true)) return;
  failure_ = std::move(failure);
}

void IncomingItems::wake(Engine& engine) {
  std::function<void()> task;
  {
    // Finished under the mutex: whoever waits takes it once more before its completion goes.
    base::Lock lock(mutex_);
    if (!is_ready()) return;
    if (sleeper_ != nullptr) engine.finish(*std::exchange(sleeper_, nullptr));
    task = std::exchange(continuation_, nullptr);
  }
  if (task) engine.submit_always(*make_task(std::move(task)));
}

void IncomingItems::close() {
  std::vector<std::byte> dropped;
  base::Lock lock(mutex_);
  closed_ = true;
  dropped.swap(filling_);
}

bool IncomingItems::begun() const {
  base::Lock lock(mutex_);
  return begun_;
}

bool IncomingItems::refill() {
  draining_.clear();
  position_ = 0;
  if (draining_.capacity() > kKept) std::vector<std::byte>().swap(draining_);
  base::Lock lock(mutex_);
  draining_.swap(filling_);
  return !draining_.empty();
}

IncomingItems::Taken IncomingItems::take(base::Bytes& item, std::optional<Credit>& grant) {
  const bool more = position_ < draining_.size() || refill();
  // What was handed out last is done with now.
  if (!more || used_.bytes >= kAccountedAt.bytes || used_.items >= kAccountedAt.items) {
    base::Lock lock(mutex_);
    if (used_ != Credit{}) grant = credit_.used(std::exchange(used_, {}));
    // What came since refill() looked comes before the end.
    if (!more) return (ended_ || closed_) && filling_.empty() ? Taken::ended : Taken::nothing;
  }
  Size size = 0;
  std::memcpy(&size, draining_.data() + position_, sizeof size);
  item = base::Bytes(draining_).subspan(position_ + sizeof size, size);
  position_ += sizeof size + size;
  used_.bytes += size;
  ++used_.items;
  return Taken::item;
}

std::optional<base::Failure> IncomingItems::failure() const {
  base::Lock lock(mutex_);
  return failure_;
}

bool IncomingItems::ready() const {
  if (position_ < draining_.size()) return true;
  base::Lock lock(mutex_);
  return is_ready();
}

bool IncomingItems::wait(Engine& engine) {
  Completion awake;
  {
    base::Lock lock(mutex_);
    if (is_ready()) return true;
    sleeper_ = &awake;
  }
  const bool awoken = engine.wait(awake, base::Deadline::never());
  base::Lock lock(mutex_);
  if (sleeper_ == &awake) sleeper_ = nullptr;
  return awoken;
}

void IncomingItems::on_ready(std::function<void()> task, Engine& engine) {
  if (position_ == draining_.size()) {
    base::Lock lock(mutex_);
    if (!is_ready()) {
      continuation_ = std::move(task);
      return;
    }
  }
  engine.submit_always(*make_task(std::move(task)));
}

CreditFrame IncomingItems::credit_frame(const Credit& credit) const {
  base::Lock lock(mutex_);
  return rpc::credit_frame(from_, credit);
}

}  // namespace daffi::rpc
