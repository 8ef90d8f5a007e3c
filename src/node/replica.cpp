/// @file  Replica: changes and lookups.
#include "node/replica.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "session/permission.hpp"

namespace daffi::node {
namespace {

base::Failure nonsense(std::string_view what, MemberId id) {
  return base::fail(ErrorCode::protocol, "bad directory: " + std::string(what) + " " + std::to_string(id));
}

auto position(auto& holders, MemberId id) {
  return std::ranges::lower_bound(holders, id, {}, [](const Replica::Holding& h) { return h.member->id; });
}

}  // namespace

base::Result<bool> Replica::join(const wire::MemberEntry& entry) {
  const MemberId id = entry.member_id;
  if (id == 0) return nonsense("a member with the number", id);
  if (entry.process_name.empty()) return nonsense("no name for member", id);
  if (members_.size() >= kMaxMembers) return nonsense("too many members at member", id);
  const auto [at, fresh] = members_.try_emplace(id);
  if (!fresh) return nonsense("joined twice: member", id);
  Member& member = at->second;
  member.id = id;
  member.process_name = entry.process_name;
  member.language = entry.language;
  member.identity = entry.identity;
  member.name_hash = name_hash(entry.process_name);
  member.suspended = entry.state == wire::MemberState::suspended;
  member.draining = entry.draining;
  member.times_lost = entry.times_lost;
  member.observer = entry.state == wire::MemberState::observer;
  if (!member.observer) processes_[entry.process_name].push_back(id);
  return add_callbacks(id, entry.callbacks);
}

base::Result<bool> Replica::replace(const wire::MemberEntry& entry) {
  Member* member = find_mutable(entry.member_id);
  if (!member) return nonsense("resumed, but unknown: member", entry.member_id);
  if (member->process_name != entry.process_name)
    return nonsense("resumed under another name: member", entry.member_id);
  member->language = entry.language;
  member->identity = entry.identity;
  member->suspended = entry.state == wire::MemberState::suspended;
  member->draining = entry.draining;
  member->times_lost = entry.times_lost;
  drop_callbacks(*member);
  return add_callbacks(entry.member_id, entry.callbacks);
}

base::Result<bool> Replica::add_callbacks(MemberId id, const std::vector<wire::CallbackEntry>& callbacks) {
  Member* member = find_mutable(id);
  if (!member) return nonsense("callbacks of an unknown member", id);
  for (const wire::CallbackEntry& entry : callbacks) {
    if (entry.descriptor_id == wire::CallbackEntry::kClosed) {
      if (auto added = add_closed(*member, entry); !added) return added;
      continue;
    }
    const auto description = descriptions_.find(entry.descriptor_id);
    if (description == descriptions_.end()) return false;
    if (callback_count_ >= kMaxCallbacks) return nonsense("too many callbacks at member", id);
    const auto [at, fresh] = member->callbacks.try_emplace(entry.callback_id);
    if (!fresh || member->closed.contains(entry.callback_id)) return nonsense("a callback number twice at member", id);
    ++callback_count_;
    const auto name = index_.try_emplace(entry.name).first;
    at->second = Record{&name->first, entry.callback_id, next_order_++, description->second};
    hold(*member, at->second, name->second);
  }
  return true;
}

base::Result<bool> Replica::add_closed(Member& member, const wire::CallbackEntry& entry) {
  if (callback_count_ >= kMaxCallbacks) return nonsense("too many callbacks at member", member.id);
  const bool known = member.callbacks.contains(entry.callback_id);
  if (known || !member.closed.try_emplace(entry.callback_id, entry.name).second) {
    return nonsense("a callback number twice at member", member.id);
  }
  ++callback_count_;
  ++closed_[entry.name];
  return true;
}

void Replica::release_closed(const std::string& name) {
  --callback_count_;
  const auto at = closed_.find(name);
  if (--at->second == 0) closed_.erase(at);
}

bool Replica::is_closed(std::string_view callback) const {
  return !closed_.empty() && closed_.contains(session::closed_name(callback));
}

base::Result<bool> Replica::remove_callbacks(MemberId id, const std::vector<std::uint32_t>& callback_ids) {
  Member* member = find_mutable(id);
  if (!member) return nonsense("callbacks removed of an unknown member", id);
  for (const std::uint32_t callback_id : callback_ids) {
    if (const auto closed = member->closed.find(callback_id); closed != member->closed.end()) {
      release_closed(closed->second);
      member->closed.erase(closed);
      continue;
    }
    const auto record = member->callbacks.find(callback_id);
    if (record == member->callbacks.end()) return nonsense("an unknown callback removed at member", id);
    release(*member, record->second);
    member->callbacks.erase(record);
  }
  return true;
}

base::Result<bool> Replica::leave(MemberId id) {
  const auto at = members_.find(id);
  if (at == members_.end()) return nonsense("left, but unknown: member", id);
  drop_callbacks(at->second);
  if (!at->second.observer) {
    const auto process = processes_.find(at->second.process_name);
    std::erase(process->second, id);
    if (process->second.empty()) processes_.erase(process);
  }
  members_.erase(at);
  return true;
}

base::Result<bool> Replica::set_suspended(MemberId id) {
  Member* member = find_mutable(id);
  if (!member) return nonsense("suspended, but unknown: member", id);
  member->suspended = true;
  ++member->times_lost;
  return true;
}

base::Result<bool> Replica::set_draining(MemberId id) {
  Member* member = find_mutable(id);
  if (!member) return nonsense("draining, but unknown: member", id);
  member->draining = true;
  return true;
}

void Replica::add_descriptors(const std::vector<wire::Descriptor>& descriptors) {
  // One that nobody uses now may be used again, so these go only when they are many, and before new ones come in.
  if (descriptions_.size() + descriptors.size() > descriptions_to_keep_) forget_unused_descriptors();
  for (const wire::Descriptor& descriptor : descriptors) {
    descriptions_.insert_or_assign(descriptor.id, std::make_shared<const Description>(to_description(descriptor)));
  }
}

void Replica::forget_unused_descriptors() {
  std::unordered_set<std::uint32_t> used;
  for (const auto& [id, member] : members_) {
    for (const auto& [callback_id, record] : member.callbacks) used.insert(record.description->id);
  }
  std::erase_if(descriptions_, [&](const auto& entry) { return !used.contains(entry.first); });
  descriptions_to_keep_ = 2 * descriptions_.size() + kSpareDescriptors;
}

const Replica::Member* Replica::find(MemberId id) const {
  const auto at = members_.find(id);
  return at == members_.end() ? nullptr : &at->second;
}

Replica::Member* Replica::find_mutable(MemberId id) {
  const auto at = members_.find(id);
  return at == members_.end() ? nullptr : &at->second;
}

const Replica::Member* Replica::find_process(std::string_view name) const {
  const auto at = processes_.find(name);
  if (at == processes_.end()) return nullptr;
  const Member* best = nullptr;
  for (const MemberId id : at->second) {
    const Member* member = find(id);
    if (!best || best->suspended || !member->suspended) best = member;
  }
  return best;
}

const std::vector<Replica::Holding>* Replica::holders(std::string_view callback) const {
  const auto at = index_.find(callback);
  return at == index_.end() ? nullptr : &at->second;
}

const Replica::Record* Replica::find_callback(MemberId member, std::string_view callback) const {
  const auto* all = holders(callback);
  if (!all) return nullptr;
  const auto at = position(*all, member);
  return at != all->end() && at->member->id == member ? at->record : nullptr;
}

std::vector<const Replica::Record*> Replica::in_order(const Member& member) {
  std::vector<const Record*> all;
  all.reserve(member.callbacks.size());
  for (const auto& [id, record] : member.callbacks) all.push_back(&record);
  std::ranges::sort(all, {}, &Record::order);
  std::erase_if(all, [](const Record* record) { return record->earlier != nullptr; });
  for (const Record*& record : all) {
    while (record->later) record = record->later;
  }
  return all;
}

void Replica::hold(const Member& member, Record& record, std::vector<Holding>& holders) {
  auto at = position(holders, member.id);
  if (at == holders.end() || at->member->id != member.id) at = holders.insert(at, Holding{&member, nullptr});
  record.earlier = at->record;
  if (record.earlier) record.earlier->later = &record;
  at->record = &record;
}

// Takes the record out of the index; its name may be gone afterwards.
void Replica::release(const Member& member, const Record& record) {
  --callback_count_;
  if (record.earlier) record.earlier->later = record.later;
  if (record.later) {
    record.later->earlier = record.earlier;
    return;
  }
  const auto name = index_.find(*record.name);
  const auto at = position(name->second, member.id);
  at->record = record.earlier;
  if (at->record) return;
  name->second.erase(at);
  if (name->second.empty()) index_.erase(name);
}

void Replica::drop_callbacks(Member& member) {
  for (const auto& [id, record] : member.callbacks) release(member, record);
  member.callbacks.clear();
  for (const auto& [id, name] : member.closed) release_closed(name);
  member.closed.clear();
}

}  // namespace daffi::node
