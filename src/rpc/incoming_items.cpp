/// @file  IncomingItems: a buffer that is filled under the read role, and one that is taken from; they change places.
#include "rpc/incoming_items.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/large_memory.hpp"
#include "rpc/task_work.hpp"
#include "wire/call_messages.hpp"

namespace daffi::rpc {
namespace {

using Size = std::uint32_t;
// In place of a size: the next of the large ones.
constexpr Size kLarge = 0xFFFFFFFF;

// The consumer tells the account so often, at the latest, what it has used up.
constexpr Credit kAccountedAt{kInitialCredit.bytes / 4, kInitialCredit.items / 4};
// An empty buffer larger than this goes back to the system.
constexpr std::size_t kKept = 64 * 1024;
// From this size on an item has memory of its own, which need not grow with others.
constexpr std::size_t kApart = 16 * 1024;

}  // namespace

IncomingItems::Put IncomingItems::put(const wire::Header& header, base::Bytes item, std::optional<Credit>& grant) {
  if (item.size() >= kApart || (header.flags & wire::kPart) != 0) return put(header, ChunkBytes(item), grant);
  base::Lock lock(mutex_);
  const Credit cost{item.size(), 1};
  if (const auto refused = admit(header, cost)) return *refused;
  if (coming_) [[unlikely]] {
    ChunkBytes last(item);
    return put_part(last, cost, true, grant);
  }
  append(static_cast<Size>(item.size()), item);
  return Put::taken;
}

IncomingItems::Put IncomingItems::put(const wire::Header& header, ChunkBytes item, std::optional<Credit>& grant) {
  const bool last = (header.flags & wire::kPart) == 0;
  const Credit cost{item.size(), last ? 1u : 0u};
  base::Lock lock(mutex_);
  if (const auto refused = admit(header, cost)) return *refused;
  if (item.is_nowhere()) {
    // The news that its sender was away has overtaken it, and the memory went with that. No rule is broken.
    ended_ = true;
    coming_.reset();
    failure_ = base::fail(ErrorCode::remote_stopped, "the process that sent the items has lost its connection");
    return Put::refused;
  }
  if (!last || coming_) return put_part(item, cost, last, grant);
  return put_apart(item, cost);
}

// Something: it is not taken.
std::optional<IncomingItems::Put> IncomingItems::admit(const wire::Header& header, const Credit& cost) {
  if (!credit_.take(cost)) return Put::violation;
  if (closed_ || ended_) return Put::dropped;
  if (!std::exchange(begun_, true)) from_ = header;
  return std::nullopt;
}

void IncomingItems::append(Size size, base::Bytes item) {
  const std::size_t used = filling_.used + sizeof size + item.size();
  if (used > filling_.bytes.size()) filling_.bytes.resize(std::max(used, std::min(2 * used, used + kKept)));
  std::byte* const at = filling_.bytes.data() + filling_.used;
  std::memcpy(at, &size, sizeof size);
  if (!item.empty()) std::memcpy(at + sizeof size, item.data(), item.size());
  filling_.used = used;
}

IncomingItems::Put IncomingItems::put_apart(const ChunkBytes& item, const Credit& cost) {
  std::size_t capacity = item.size();
  std::byte* const memory = base::take_memory(capacity);
  const base::Block block(memory, [capacity](std::byte* done) { base::give_memory(done, capacity); });
  if (!item.copy(0, {memory, item.size()})) return Put::broken;
  large_.push_back({.value = {block, base::Bytes(memory, item.size())}, .share = {}, .owed = {}, .cost = cost});
  append(kLarge, {});
  return Put::taken;
}

IncomingItems::Put IncomingItems::put_part(ChunkBytes& part, const Credit& cost, bool last,
                                           std::optional<Credit>& grant) {
  if (!coming_) {
    auto begun = begin_large(part);
    if (!begun.ok() && begun.failure().code == ErrorCode::protocol) return Put::broken;
    if (!begun.ok()) {
      ended_ = true;
      failure_ = begun.failure();
      failure_->message = "an item of the stream cannot be taken: " + failure_->message;
      // What a callback gave was given: no refusal may say that it has not run.
      if ((from_.flags & wire::kFromCallee) != 0) failure_->code = ErrorCode::result_too_large;
      return Put::refused;
    }
  }
  if (!coming_->add(part) || coming_->complete() != last) return Put::broken;
  coming_owed_.bytes += cost.bytes;
  coming_owed_.items += cost.items;
  // While one waits to be taken, the window has to do for what comes behind it.
  if (large_.empty()) account(std::exchange(coming_owed_, {}), grant);
  if (!last) return Put::taken;
  large_.push_back({coming_->take().bytes, coming_->take_share(), std::exchange(coming_owed_, {}), {}});
  coming_.reset();
  append(kLarge, {});
  return Put::taken;
}

// The first part: the size of the whole stands in front.
base::Result<void> IncomingItems::begin_large(ChunkBytes& part) {
  std::array<std::byte, wire::kTotalSize> front{};
  const auto total = part.size() >= front.size() && part.copy(0, front) ? wire::decode_total(front) : std::nullopt;
  if (!total) return base::fail(ErrorCode::protocol, "a part of an item without its size");
  auto assembly = Assembly::begin(*total, limits_.max_value, limits_.budget);
  if (!assembly.ok()) return assembly.failure();
  coming_.emplace(std::move(*assembly));
  part.skip(wire::kTotalSize);
  return {};
}

void IncomingItems::account(const Credit& used, std::optional<Credit>& grant) {
  const auto due = used == Credit{} ? std::nullopt : credit_.used(used);
  if (!due) return;
  if (!grant) grant.emplace();
  grant->bytes += due->bytes;
  grant->items += due->items;
}

void IncomingItems::end(std::optional<base::Failure> failure) {
  base::Lock lock(mutex_);
  if (std::exchange(ended_, true)) return;
  if (coming_ && !failure) failure = base::fail(ErrorCode::protocol, "the stream ended in the middle of an item");
  failure_ = std::move(failure);
  coming_.reset();
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
  Buffer dropped;
  std::deque<Large> large;
  base::Lock lock(mutex_);
  closed_ = true;
  dropped = std::exchange(filling_, {});
  large.swap(large_);
  coming_.reset();
}

std::uint32_t IncomingItems::from() const {
  base::Lock lock(mutex_);
  return from_.member;
}

bool IncomingItems::begun() const {
  base::Lock lock(mutex_);
  return begun_;
}

bool IncomingItems::refill() {
  draining_.used = 0;
  position_ = 0;
  if (draining_.bytes.size() > kKept) draining_ = {};
  base::Lock lock(mutex_);
  std::swap(draining_, filling_);
  return draining_.used > 0;
}

IncomingItems::Taken IncomingItems::take(base::Bytes& item, std::optional<Credit>& grant) {
  // What was handed out last is done with now.
  current_.reset();
  const bool more = position_ < draining_.used || refill();
  if (!more || used_.bytes >= kAccountedAt.bytes || used_.items >= kAccountedAt.items) {
    base::Lock lock(mutex_);
    account(std::exchange(used_, {}), grant);
    // What came since refill() looked comes before the end.
    if (!more) return (ended_ || closed_) && filling_.used == 0 ? Taken::ended : Taken::nothing;
  }
  Size size = 0;
  std::memcpy(&size, draining_.bytes.data() + position_, sizeof size);
  position_ += sizeof size;
  if (size == kLarge) [[unlikely]] {
    take_large(grant);
    if (!current_) return Taken::ended;
    item = current_->value.bytes;
    return Taken::item;
  }
  item = base::Bytes(draining_.bytes).subspan(position_, size);
  position_ += size;
  used_.bytes += size;
  ++used_.items;
  return Taken::item;
}

// Nothing, when it was closed meanwhile.
void IncomingItems::take_large(std::optional<Credit>& grant) {
  base::Lock lock(mutex_);
  if (large_.empty()) return;
  current_.emplace(std::move(large_.front()));
  large_.pop_front();
  account(current_->owed, grant);
  used_.bytes += current_->cost.bytes;
  used_.items += current_->cost.items;
  if (large_.empty()) account(std::exchange(coming_owed_, {}), grant);
}

std::optional<Credit> IncomingItems::done_with() {
  current_.reset();
  std::optional<Credit> grant;
  if (used_ == Credit{}) return grant;
  base::Lock lock(mutex_);
  account(std::exchange(used_, {}), grant);
  return grant;
}

std::optional<base::Failure> IncomingItems::failure() const {
  base::Lock lock(mutex_);
  return failure_;
}

bool IncomingItems::ready() const {
  if (position_ < draining_.used) return true;
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
  if (position_ == draining_.used) {
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
