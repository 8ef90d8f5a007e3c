/// @file  What joining, announcing and leaving change in the directory.
#include "controller/directory.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "controller/snapshot_packer.hpp"
#include "session/registration.hpp"
#include "wire/callers.hpp"

namespace daffi::controller {
namespace {

// A member's entry is cut here; its further callbacks follow as changes of their own, visible together with it.
constexpr std::size_t kEntryPart = 64 * 1024;

// Snapshots that differ by what their viewers may call, kept until something changes.
constexpr std::size_t kMaxViews = 16;

std::size_t registered_size(const wire::CallbackEntry& callback, const DescriptorTable::Entry& descriptor) {
  return size_of(callback) + descriptor.encoded_size;
}

// The callbacks from `begin` on that fit into one part.
std::vector<wire::CallbackEntry> next_part(const std::vector<wire::CallbackEntry>& all, std::size_t begin) {
  std::size_t size = 0;
  std::size_t end = begin;
  while (end < all.size() && size < kEntryPart) size += size_of(all[end++]);
  return {all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)};
}

}  // namespace

base::Result<void> Directory::check(const Member& member, const wire::Register& news) const {
  std::unordered_set<std::uint32_t> ids;
  for (const wire::CallbackEntry& callback : member.entry.callbacks) ids.insert(callback.callback_id);
  for (const std::uint32_t id : news.removed) ids.erase(id);
  std::size_t size = member.registered_size;
  for (const wire::Registration& added : news.added) {
    if (!ids.insert(added.callback_id).second) {
      return base::fail(ErrorCode::protocol, "callback id " + std::to_string(added.callback_id) + " is in use");
    }
    const std::size_t descriptor_size = wire::encode(added.descriptor).size();
    if (added.name.empty()) return base::fail(ErrorCode::protocol, "a callback without a name");
    if (!added.descriptor.callers.empty()) {
      if (const auto mistake = wire::mistake_in_callers(added.descriptor.callers)) {
        return base::fail(ErrorCode::protocol, *mistake);
      }
    }
    if (descriptor_size > session::kMaxDescriptorSize) {
      return base::fail(ErrorCode::too_large, "the signature of a callback is too long");
    }
    size += size_of(wire::CallbackEntry{.name = added.name}) + descriptor_size;
  }
  if (ids.size() > max_callbacks_) {
    return base::fail(ErrorCode::too_large, "more than " + std::to_string(max_callbacks_) + " callbacks");
  }
  if (size > session::kMaxRegisteredSize) {
    return base::fail(ErrorCode::too_large, "the callbacks' descriptions are too long");
  }
  return {};
}

void Directory::join(Member& member, wire::Register callbacks) {
  member.entry.state = wire::MemberState::present;
  member.entry.draining = (callbacks.flags & wire::Register::kDraining) != 0;
  member.joined = ++last_joined_;
  in_order_[member.joined] = &member;
  by_name_[member.entry.process_name] = &member;
  by_instance_[member.instance] = &member;
  add_callbacks(member, std::move(callbacks.added));
  record_entry(member, false);
}

void Directory::join_observer(Member& member) {
  member.entry.state = wire::MemberState::observer;
  member.joined = ++last_joined_;
  in_order_[member.joined] = &member;
  record_entry(member, false);
}

void Directory::suspend(Member& member) {
  member.entry.state = wire::MemberState::suspended;
  ++member.entry.times_lost;
  record(member, wire::MemberSuspended{member.id()});
}

void Directory::resume(Member& member, wire::Register callbacks) {
  member.entry.state = wire::MemberState::present;
  member.entry.draining = (callbacks.flags & wire::Register::kDraining) != 0;
  drop_callbacks(member);
  add_callbacks(member, std::move(callbacks.added));
  record_entry(member, true);
}

void Directory::update(Member& member, wire::Register news) {
  if (auto removed = remove_callbacks(member, news); !removed.empty()) {
    record(member, wire::CallbacksRemoved{member.id(), std::move(removed)});
  }
  const auto added = add_callbacks(member, std::move(news.added));
  close_entries(added);
  for (std::size_t begin = 0; begin < added.size();) {
    auto part = next_part(added, begin);
    begin += part.size();
    record(member, wire::CallbacksAdded{member.id(), std::move(part)});
  }
  if ((news.flags & wire::Register::kDraining) != 0 && !std::exchange(member.entry.draining, true)) {
    record(member, wire::MemberDraining{member.id()});
  }
}

void Directory::leave(Member& member, base::CloseReason reason) {
  drop_callbacks(member);
  in_order_.erase(member.joined);
  if (!member.observer) {
    by_name_.erase(member.entry.process_name);
    by_instance_.erase(member.instance);
  }
  record(member, wire::MemberLeft{member.id(), reason});
}

Member* Directory::find_name(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : found->second;
}

Member* Directory::find_instance(const wire::InstanceToken& instance) const {
  const auto found = by_instance_.find(instance);
  return found == by_instance_.end() ? nullptr : found->second;
}

const std::map<std::uint64_t, Directory::Holder>& Directory::holders(std::string_view callback) const {
  static const std::map<std::uint64_t, Holder> none;
  const auto found = holders_.find(callback);
  return found == holders_.end() ? none : found->second;
}

const std::vector<base::Slice>& Directory::snapshot(const Viewer& viewer) {
  if (snapshot_sequence_ != log_.closed() || snapshots_.size() > kMaxViews) snapshots_.clear();
  snapshot_sequence_ = log_.closed();
  const auto [made, fresh] = snapshots_.try_emplace(view_key(viewer, closed_));
  if (!fresh) return made->second;
  SnapshotPacker packer(epoch_, log_.closed());
  for (const auto& [joined, member] : in_order_) {
    packer.begin(member->entry);
    for (const wire::CallbackEntry& callback : member->entry.callbacks) {
      const wire::CallbackEntry entry = shown(callback, viewer, member->id(), closed_);
      if (entry.descriptor_id == wire::CallbackEntry::kClosed) {
        packer.add_closed(entry);
        continue;
      }
      const DescriptorTable::Entry& descriptor = descriptors_.get(callback.descriptor_id);
      packer.add(entry, descriptor.descriptor, descriptor.encoded_size);
    }
  }
  return made->second = packer.finish();
}

std::vector<wire::CallbackEntry> Directory::add_callbacks(Member& member, std::vector<wire::Registration> added) {
  std::vector<wire::CallbackEntry> entries;
  entries.reserve(added.size());
  for (wire::Registration& registration : added) {
    bool fresh = false;
    const DescriptorTable::Entry& descriptor = descriptors_.acquire(std::move(registration.descriptor), fresh);
    if (fresh) log_.introduce(descriptor.descriptor, descriptor.encoded_size);
    if (const auto& callers = descriptor.descriptor.callers; !callers.empty()) {
      closed_.emplace(descriptor.descriptor.id, callers);
      member.closed.insert_or_assign(registration.callback_id, callers);
    }
    entries.push_back({registration.callback_id, descriptor.descriptor.id, std::move(registration.name)});
    member.registered_size += registered_size(entries.back(), descriptor);
    holders_[entries.back().name].insert_or_assign(member.joined, Holder{&member, registration.callback_id});
    const std::size_t size = registration.doc.size();
    if (size > 0 && member.documentation_size + size <= session::kMaxDocumentationSize) {
      member.documentation_size += size;
      member.documentation[registration.callback_id] = std::move(registration.doc);
    }
  }
  auto& all = member.entry.callbacks;
  all.insert(all.end(), entries.begin(), entries.end());
  return entries;
}

// Also takes out what an added callback of the same name replaces: the last registration of a name wins.
std::vector<std::uint32_t> Directory::remove_callbacks(Member& member, const wire::Register& news) {
  const std::unordered_set<std::uint32_t> ids(news.removed.begin(), news.removed.end());
  std::unordered_set<std::string_view> names;
  for (const wire::Registration& added : news.added) names.insert(added.name);
  std::vector<std::uint32_t> removed;
  std::erase_if(member.entry.callbacks, [&](const wire::CallbackEntry& callback) {
    if (!ids.contains(callback.callback_id) && !names.contains(callback.name)) return false;
    removed.push_back(callback.callback_id);
    member.registered_size -= registered_size(callback, descriptors_.get(callback.descriptor_id));
    release_callback(member, callback);
    if (const auto text = member.documentation.find(callback.callback_id); text != member.documentation.end()) {
      member.documentation_size -= text->second.size();
      member.documentation.erase(text);
    }
    return true;
  });
  return removed;
}

void Directory::drop_callbacks(Member& member) {
  for (const wire::CallbackEntry& callback : member.entry.callbacks) release_callback(member, callback);
  member.entry.callbacks.clear();
  member.documentation.clear();
  member.registered_size = member.documentation_size = 0;
}

void Directory::release_callback(Member& member, const wire::CallbackEntry& callback) {
  if (descriptors_.release(callback.descriptor_id)) closed_.erase(callback.descriptor_id);
  member.closed.erase(callback.callback_id);
  const auto named = holders_.find(callback.name);
  if (named == holders_.end()) return;
  // A name that was announced twice is held under its last id.
  const auto held = named->second.find(member.joined);
  if (held != named->second.end() && held->second.callback_id == callback.callback_id) named->second.erase(held);
  if (named->second.empty()) holders_.erase(named);
}

void Directory::close_entries(const std::vector<wire::CallbackEntry>& entries) {
  if (closed_.empty()) return;
  for (const wire::CallbackEntry& entry : entries) {
    if (const auto at = closed_.find(entry.descriptor_id); at != closed_.end()) log_.close_to(at->first, at->second);
  }
}

void Directory::record(Member& member, wire::Change change) { member.changed = log_.record(std::move(change)); }

void Directory::record_entry(Member& member, bool resumed) {
  const auto& all = member.entry.callbacks;
  close_entries(all);
  auto part = next_part(all, 0);
  std::size_t begin = part.size();
  wire::MemberEntry entry = member.entry;
  entry.callbacks = std::move(part);
  if (resumed) {
    record(member, wire::MemberResumed{std::move(entry)});
  } else {
    record(member, wire::MemberJoined{std::move(entry)});
  }
  while (begin < all.size()) {
    part = next_part(all, begin);
    begin += part.size();
    record(member, wire::CallbacksAdded{member.id(), std::move(part)});
  }
}

}  // namespace daffi::controller
