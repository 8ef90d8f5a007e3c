/// @file  OutgoingItems: the turns of a producer, and what it waits for between them.
#include "rpc/outgoing_items.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "rpc/chunk_sender.hpp"
#include "rpc/inside.hpp"
#include "rpc/task_work.hpp"
#include "wire/call_messages.hpp"

namespace daffi::rpc {
namespace {

// Items that a stream may send before others that wait for a thread have their turn.
constexpr int kSlice = 128;
// Fewer bytes wait for more credit, unless they are the last of their item.
constexpr std::size_t kWorthwhile = 16 * 1024;

class ItemsWork final : public Work {
 public:
  explicit ItemsWork(std::shared_ptr<OutgoingItems> items) : items_(std::move(items)) {}
  void run(bool) override {
    const std::unique_ptr<ItemsWork> self(this);
    items_->run();
  }
  void discard() override {
    const std::unique_ptr<ItemsWork> self(this);
    items_->stop();
    items_->run();
  }

 private:
  const std::shared_ptr<OutgoingItems> items_;
};

bool covers(const Credit& have, const Credit& cost) { return have.bytes >= cost.bytes && have.items >= cost.items; }

}  // namespace

OutgoingItems::OutgoingItems(std::shared_ptr<Engine> engine, std::shared_ptr<ItemsOwner> owner,
                             std::unique_ptr<detail::ItemProducer> producer)
    : engine_(std::move(engine)),
      owner_(std::move(owner)),
      producer_(std::move(producer)),
      scope_(producer_->scope()),
      item_(detail::kResultHeadroom) {}

void OutgoingItems::add_target(const wire::Header& frame) {
  wire::Header header = frame;
  header.kind = wire::FrameKind::item;
  headers_.push_back(header);
  base::Lock lock(mutex_);
  targets_.push_back({header, OutCredit()});
}

void OutgoingItems::run() {
  const auto keep = shared_from_this();
  bool here = false;
  {
    base::Lock lock(mutex_);
    if (state_ != State::scheduled) return;
    state_ = State::running;
    here = here_;
  }
  if (!ready_) {
    ready_ = [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->on_ready();
    };
  }
  const InsideScope inside(owner_->entry());
  while (slice() == Slice::used_up) {
    if (here || engine_->stats().queued == 0) continue;
    {
      base::Lock lock(mutex_);
      state_ = State::scheduled;
    }
    return engine_->submit_always(*new ItemsWork(keep));
  }
}

void OutgoingItems::run_here() {
  {
    base::Lock lock(mutex_);
    here_ = true;
  }
  for (;;) {
    run();
    Completion awake;
    {
      base::Lock lock(mutex_);
      if (state_ == State::ended) return;
      if (state_ == State::scheduled) continue;
      sleeper_ = &awake;
    }
    const bool awoken = engine_->wait(awake, base::Deadline::never());
    {
      base::Lock lock(mutex_);
      sleeper_ = nullptr;
    }
    if (!awoken) stop();
  }
}

OutgoingItems::Slice OutgoingItems::slice() {
  for (int sent = 0; sent < kSlice;) {
    if (stopped_.load(std::memory_order_relaxed)) return finish(ItemsOwner::End::stopped, nullptr);
    if (!has_item_) {
      bool again = false;
      const Slice produced = produce(again);
      if (again) continue;
      if (!has_item_) return produced;
      // Asked for meanwhile: whoever gave it up has forgotten what was kept for its sake, and it would be made anew.
      if (stopped_.load(std::memory_order_relaxed)) return finish(ItemsOwner::End::stopped, nullptr);
    }
    if (std::exchange(first_, false) && !owner_->on_first(*producer_)) {
      return finish(ItemsOwner::End::stopped, nullptr);
    }
    const MaySend may = send_next();
    if (may == MaySend::parked) return Slice::rests;
    if (may == MaySend::yes) ++sent;
  }
  return Slice::used_up;
}

// Leaves an item in item_, or says how the slice ends; or it is to be asked again at once.
OutgoingItems::Slice OutgoingItems::produce(bool& again) {
  using Next = detail::ItemProducer::Next;
  item_.clear(detail::kResultHeadroom);
  Next next = Next::complete;
  try {
    next = producer_->next(item_, ready_);
  } catch (...) {
    // What it throws because it is to end is of no interest to who has ended it.
    if (stopped_.load()) return finish(ItemsOwner::End::stopped, nullptr);
    return finish(ItemsOwner::End::threw, std::current_exception());
  }
  if (next == Next::complete) return finish(ItemsOwner::End::complete, nullptr);
  if (next == Next::item) {
    if (item_.size() > owner_->max_item()) {
      return finish(ItemsOwner::End::threw, owner_->too_large(item_.size()));
    }
    has_item_ = true;
    if (item_.size() > wire::kMaxWholeItem) large_ = take_over(item_).whole();
    return Slice::rests;
  }
  base::Lock lock(mutex_);
  again = std::exchange(ready_early_, false);
  if (!again) {
    state_ = State::awaiting;
    self_ = shared_from_this();
  }
  return Slice::rests;
}

// The item, or as much of it as a part holds and credit allows.
OutgoingItems::MaySend OutgoingItems::send_next() {
  if (!large_.owner) {
    const Credit cost{item_.size(), 1};
    const MaySend may = may_send(cost, cost);
    if (may == MaySend::yes) send_item();
    return may;
  }
  const std::size_t front = sent_ == 0 ? wire::kTotalSize : 0;
  const std::size_t rest = large_.bytes.size() - sent_;
  const MaySend may = may_send({front + std::min(rest, kWorthwhile), 1}, {front + std::min(rest, wire::kMaxChunk), 1});
  if (may == MaySend::yes) send_part();
  return may;
}

// False for less than `least`; what is taken from the targets is enough for `most`, where they have it.
OutgoingItems::MaySend OutgoingItems::may_send(const Credit& least, const Credit& most) {
  if (!covers(allowance_, most)) {
    base::Lock lock(mutex_);
    if (stopped_.load()) return MaySend::stopped;
    Credit common{~std::uint64_t{0}, ~std::uint64_t{0}};
    for (const Target& target : targets_) {
      common.bytes = std::min(common.bytes, target.credit.available().bytes);
      common.items = std::min(common.items, target.credit.available().items);
    }
    for (Target& target : targets_) (void)target.credit.spend(common);
    allowance_.bytes += common.bytes;
    allowance_.items += common.items;
    if (!covers(allowance_, least)) {
      wanted_.bytes = least.bytes - std::min(least.bytes, allowance_.bytes);
      wanted_.items = least.items - std::min(least.items, allowance_.items);
      state_ = State::parked;
      return MaySend::parked;
    }
  }
  return MaySend::yes;
}

void OutgoingItems::send_item() {
  const std::span<std::byte> frame = item_.buffer();
  for (wire::Header& header : headers_) {
    header.size = static_cast<std::uint32_t>(item_.size());
    wire::encode_header(header, frame.first<wire::kHeaderSize>());
    owner_->send_item(frame);
  }
  allowance_.bytes -= item_.size();
  --allowance_.items;
  has_item_ = false;
}

void OutgoingItems::send_part() {
  const std::size_t front = sent_ == 0 ? wire::kTotalSize : 0;
  const std::size_t rest = large_.bytes.size() - sent_;
  const std::size_t size = std::min({rest, wire::kMaxChunk, static_cast<std::size_t>(allowance_.bytes) - front});
  const bool last = size == rest;
  std::array<std::byte, wire::kTotalSize> total;
  wire::encode_total(large_.bytes.size(), total);
  for (wire::Header header : headers_) {
    if (!last) header.flags |= wire::kPart;
    owner_->send_part(header, std::span(total).first(front), {large_.owner, large_.bytes.subspan(sent_, size)});
  }
  allowance_.bytes -= front + size;
  sent_ += size;
  if (!last) return;
  --allowance_.items;
  has_item_ = false;
  large_ = {};
  sent_ = 0;
}

void OutgoingItems::send_end(base::Bytes payload) {
  std::vector<std::byte> frame(wire::kHeaderSize);
  frame.insert(frame.end(), payload.begin(), payload.end());
  for (wire::Header header : headers_) {
    header.kind = wire::FrameKind::end;
    header.size = static_cast<std::uint32_t>(payload.size());
    wire::encode_header(header, std::span(frame).first<wire::kHeaderSize>());
    owner_->send_item(frame);
  }
}

OutgoingItems::Slice OutgoingItems::finish(ItemsOwner::End end, std::exception_ptr error) {
  producer_ = nullptr;
  owner_->on_end(end, std::move(error));
  {
    base::Lock lock(mutex_);
    state_ = State::ended;
  }
  owner_ = nullptr;
  return Slice::ended;
}

bool OutgoingItems::covered() const {
  for (const Target& target : targets_) {
    if (!covers(target.credit.available(), wanted_)) return false;
  }
  return true;
}

bool OutgoingItems::on_credit(std::uint32_t member, std::uint64_t id, const Credit& credit) {
  base::Lock lock(mutex_);
  for (Target& target : targets_) {
    if (target.header.member != member || target.header.id != id) continue;
    if (target.credit.add(credit) == OutCredit::Added::violation) return false;
    if (state_ == State::parked && covered()) to_resume_ = true;
    return true;
  }
  return true;
}

void OutgoingItems::resume() {
  {
    base::Lock lock(mutex_);
    if (!std::exchange(to_resume_, false) || state_ != State::parked) return;
  }
  go_on();
}

void OutgoingItems::on_ready() {
  std::shared_ptr<OutgoingItems> self;
  {
    base::Lock lock(mutex_);
    if (state_ == State::running) {
      ready_early_ = true;
      return;
    }
    self = std::exchange(self_, nullptr);
  }
  go_on();
}

void OutgoingItems::stop() {
  std::shared_ptr<OutgoingItems> self;
  bool cancels = false;
  {
    base::Lock lock(mutex_);
    // Running, it may be about to wait for something.
    cancels = !stopped_.exchange(true) && scope_ != nullptr && (state_ == State::running || state_ == State::awaiting);
    const bool ends = state_ == State::awaiting && producer_->ends_while_asked();
    if (ends) self = std::exchange(self_, nullptr);
    if (state_ != State::parked && !ends && !cancels) return;
  }
  if (cancels) return engine_->submit_always(*make_task([scope = scope_] { scope->cancel(); }));
  go_on();
}

// Parked or awaiting: to be run again, by whoever waits for it here, or by a handler thread.
void OutgoingItems::go_on() {
  {
    base::Lock lock(mutex_);
    if (state_ != State::parked && state_ != State::awaiting) return;
    state_ = State::scheduled;
    if (here_) {
      if (sleeper_ != nullptr) engine_->finish(*std::exchange(sleeper_, nullptr));
      return;
    }
  }
  engine_->submit_always(*new ItemsWork(shared_from_this()));
}

}  // namespace daffi::rpc
