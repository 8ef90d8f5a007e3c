/// @file  CallTable: slots with generations, so that a late answer finds nobody.
#include "rpc/outgoing_call.hpp"

#include <algorithm>
#include <utility>

namespace daffi::rpc {

bool CallTable::add(OutgoingCall& call) {
  base::Lock lock(mutex_);
  // Under the mutex: whoever gives it up looks for it here after having said so.
  if (closed_ || full() || call.unwanted.load()) return false;
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Slot& slot = slots_[index];
  slot.call = &call;
  call.id.store((slot.generation << kIndexBits) | index, std::memory_order_relaxed);
  size_.store(size() + 1, std::memory_order_relaxed);
  if (latest_pending_ == nullptr || latest_pending_->first != call.target) {
    latest_pending_ = &*pending_.try_emplace(call.target, 0).first;
  }
  slot.pending = latest_pending_;
  ++slot.pending->second;
  return true;
}

OutgoingCall* CallTable::release(std::size_t index) {
  Slot& slot = slots_[index];
  OutgoingCall* call = slot.call;
  slot.call = nullptr;
  ++slot.generation;
  free_.push_back(static_cast<std::uint32_t>(index));
  size_.store(size() - 1, std::memory_order_relaxed);
  // Members come and go: a count that is zero is not kept, unless it is the only one (the common case is one target).
  if (--slot.pending->second == 0 && pending_.size() > 1) {
    if (latest_pending_ == slot.pending) latest_pending_ = nullptr;
    pending_.erase(pending_.find(slot.pending->first));
  }
  return call;
}

void CallTable::take(std::span<Answered> answers) {
  base::Lock lock(mutex_);
  for (Answered& answer : answers) answer.call = find_and_release(answer.id, answer.member);
}

OutgoingCall* CallTable::find_and_release(std::uint64_t id, std::uint32_t member) {
  return find(id, member) == nullptr ? nullptr : release(id & ((1u << kIndexBits) - 1));
}

OutgoingCall* CallTable::find(std::uint64_t id, std::uint32_t member) const {
  const std::size_t index = id & ((1u << kIndexBits) - 1);
  if (index >= slots_.size()) return nullptr;
  const Slot& slot = slots_[index];
  if (slot.call == nullptr || slot.generation != id >> kIndexBits || slot.call->target != member) return nullptr;
  return slot.call;
}

OutgoingCall* CallTable::take(std::uint64_t id, std::uint32_t member) {
  base::Lock lock(mutex_);
  return find(id, member) == nullptr ? nullptr : release(id & ((1u << kIndexBits) - 1));
}

std::shared_ptr<IncomingItems> CallTable::incoming(std::uint64_t id, std::uint32_t member) const {
  base::Lock lock(mutex_);
  OutgoingCall* call = find(id, member);
  return call == nullptr ? nullptr : call->incoming();
}

std::shared_ptr<OutgoingItems> CallTable::outgoing(std::uint64_t id, std::uint32_t member) const {
  base::Lock lock(mutex_);
  OutgoingCall* call = find(id, member);
  return call == nullptr ? nullptr : call->outgoing();
}

OutgoingCall* CallTable::find(std::uint64_t id) {
  const std::size_t index = id & ((1u << kIndexBits) - 1);
  if (id == 0 || index >= slots_.size()) return nullptr;
  const Slot& slot = slots_[index];
  return slot.generation == id >> kIndexBits ? slot.call : nullptr;
}

OutgoingCall* CallTable::take(std::uint64_t id) {
  base::Lock lock(mutex_);
  return find(id) == nullptr ? nullptr : release(id & ((1u << kIndexBits) - 1));
}

CallTable::Part CallTable::part_of(OutgoingCall& call, bool known) {
  if (!known || !call.gathering->complete()) return {known, nullptr};
  return {true, release(call.id.load(std::memory_order_relaxed) & ((1u << kIndexBits) - 1))};
}

CallTable::Part CallTable::take_part(std::uint64_t id, std::uint32_t member, wire::FrameKind kind,
                                     base::Bytes payload) {
  base::Lock lock(mutex_);
  OutgoingCall* call = find(id);
  if (call == nullptr || call->gathering == nullptr) return {};
  return part_of(*call, call->gathering->answer(member, kind, payload));
}

CallTable::Part CallTable::expect(std::uint64_t id, std::vector<std::pair<std::uint32_t, std::string>> members) {
  base::Lock lock(mutex_);
  OutgoingCall* call = find(id);
  if (call == nullptr || call->gathering == nullptr || call->gathering->expected()) return {};
  call->gathering->expect(std::move(members));
  return part_of(*call, true);
}

bool CallTable::contains(std::uint64_t id, std::uint32_t member) const {
  base::Lock lock(mutex_);
  const std::size_t index = id & ((1u << kIndexBits) - 1);
  if (index >= slots_.size()) return false;
  const Slot& slot = slots_[index];
  return slot.call != nullptr && slot.generation == id >> kIndexBits &&
         (slot.call->target == member || slot.call->gathering != nullptr);
}

bool CallTable::reads_body(std::uint64_t id, std::uint32_t member) const {
  base::Lock lock(mutex_);
  const OutgoingCall* call = find(id, member);
  return call != nullptr && call->reply.reads_body;
}

template <typename Pick>
std::vector<OutgoingCall*> CallTable::take_if(Pick pick) {
  std::vector<OutgoingCall*> taken;
  base::Lock lock(mutex_);
  for (std::size_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].call != nullptr && pick(*slots_[index].call)) taken.push_back(release(index));
  }
  return taken;
}

std::vector<OutgoingCall*> CallTable::take_sent_to(std::uint32_t member) {
  return take_if([member](const OutgoingCall& call) { return call.target == member; });
}

std::vector<CallTable::Answered> CallTable::sent_to(std::uint32_t member) const {
  std::vector<Answered> sent;
  base::Lock lock(mutex_);
  for (const Slot& slot : slots_) {
    if (slot.call != nullptr && slot.call->target == member) {
      sent.push_back({slot.call->id.load(std::memory_order_relaxed), member, nullptr});
    }
  }
  return sent;
}

std::vector<OutgoingCall*> CallTable::take_completed_without(std::uint32_t member) {
  return take_if([member](OutgoingCall& call) {
    return call.gathering != nullptr && call.gathering->lose(member) && call.gathering->complete();
  });
}

std::vector<OutgoingCall*> CallTable::take_expired(base::SteadyTime now) {
  return take_if([now](const OutgoingCall& call) { return call.deadline.passed(now); });
}

std::vector<OutgoingCall*> CallTable::take_all() {
  return take_if([](const OutgoingCall&) { return true; });
}

void CallTable::close() {
  base::Lock lock(mutex_);
  closed_ = true;
}

base::Deadline CallTable::next_deadline() const {
  base::Lock lock(mutex_);
  base::Deadline next;
  for (const Slot& slot : slots_) {
    if (slot.call != nullptr) next = base::Deadline::earlier(next, slot.call->deadline);
  }
  return next;
}

std::uint32_t CallTable::pending_on(std::uint32_t member) const {
  base::Lock lock(mutex_);
  const auto count = pending_.find(member);
  return count == pending_.end() ? 0 : count->second;
}

}  // namespace daffi::rpc
