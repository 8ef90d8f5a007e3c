/// @file  Callbacks: the table, and who is inside.
#include "rpc/callbacks.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "session/permission.hpp"
#include "wire/limits.hpp"

namespace daffi::rpc {

bool may_call(const CallbackEntry& entry, const Caller& caller) {
  return caller.self || session::may_call(entry.spec.callers, caller.identity);
}

base::Failure unregistered(const CallbackEntry& entry) {
  return base::fail(ErrorCode::cancelled, "the callback '" + entry.spec.name + "' was unregistered");
}

Callbacks::Added Callbacks::add(detail::CallbackSpec spec) {
  auto entry = std::make_shared<CallbackEntry>();
  entry->spec = std::move(spec);
  Added added;
  std::unique_lock lock(table_mutex_);
  for (auto it = by_id_.begin(); it != by_id_.end(); ++it) {
    if (it->second->spec.name != entry->spec.name) continue;
    added.replaced = it->second;
    added.replaced->removed.store(true);
    by_id_.erase(it);
    break;
  }
  entry->id = added.id = next_id_++;
  if (added.replaced) remember_replaced(added.replaced, added.id);
  by_id_.emplace(added.id, std::move(entry));
  return added;
}

// More than are ever replaced while one call is on its way; those that are still inside come on top.
void Callbacks::remember_replaced(const std::shared_ptr<CallbackEntry>& entry, std::uint32_t successor) {
  constexpr std::size_t kMost = 256;
  replaced_.emplace(entry->id, Replaced{entry, successor});
  for (auto it = replaced_.begin(); it != replaced_.end() && replaced_.size() > kMost;) {
    it = it->second.entry.expired() ? replaced_.erase(it) : std::next(it);
  }
}

std::shared_ptr<CallbackEntry> Callbacks::successor_of(std::uint32_t id) const {
  for (auto it = replaced_.find(id); it != replaced_.end(); it = replaced_.find(it->second.successor)) {
    if (const auto now = by_id_.find(it->second.successor); now != by_id_.end()) return now->second;
  }
  return nullptr;
}

std::shared_ptr<CallbackEntry> Callbacks::replaced(std::uint32_t id) const {
  std::shared_lock lock(table_mutex_);
  const auto it = replaced_.find(id);
  return it == replaced_.end() ? nullptr : it->second.entry.lock();
}

void Callbacks::add_system(SystemCallback id, std::string name, SystemHandler handler) {
  auto entry = std::make_shared<CallbackEntry>();
  entry->id = static_cast<std::uint32_t>(id);
  entry->spec.name = std::move(name);
  entry->spec.wants_context = true;
  entry->system = std::move(handler);
  std::unique_lock lock(table_mutex_);
  system_.insert_or_assign(entry->id, std::move(entry));
}

std::shared_ptr<CallbackEntry> Callbacks::remove(std::uint32_t id) {
  std::unique_lock lock(table_mutex_);
  const auto it = by_id_.find(id);
  if (it == by_id_.end()) return nullptr;
  auto entry = std::move(it->second);
  entry->removed.store(true);
  by_id_.erase(it);
  return entry;
}

std::shared_ptr<CallbackEntry> Callbacks::find(std::uint32_t id) const {
  std::shared_lock lock(table_mutex_);
  const auto& table = id >= wire::kFirstSystemCallback ? system_ : by_id_;
  const auto it = table.find(id);
  return it == table.end() ? successor_of(id) : it->second;
}

std::shared_ptr<CallbackEntry> Callbacks::find(const std::string& name) const {
  std::shared_lock lock(table_mutex_);
  for (const auto& [id, entry] : by_id_) {
    if (entry->spec.name == name) return entry;
  }
  return nullptr;
}

std::vector<std::shared_ptr<CallbackEntry>> Callbacks::all() const {
  std::vector<std::shared_ptr<CallbackEntry>> entries;
  {
    std::shared_lock lock(table_mutex_);
    for (const auto& [id, entry] : by_id_) entries.push_back(entry);
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a->id < b->id; });
  return entries;
}

void Callbacks::leave(CallbackEntry& entry, Engine& engine) {
  entry.inside.fetch_sub(1);
  // Who waits sets the flag first and looks at the count afterwards: one of the two sees the other.
  if (!entry.removed.load()) return;
  base::Lock lock(mutex_);
  if (entry.left != nullptr && entry.inside.load() <= entry.allowed) engine.finish(*std::exchange(entry.left, nullptr));
}

void Callbacks::wait_until_left(CallbackEntry& entry, std::uint32_t allowed, Engine& engine) {
  Completion left;
  {
    base::Lock lock(mutex_);
    if (entry.inside.load() <= allowed) return;
    entry.allowed = allowed;
    entry.left = &left;
  }
  engine.wait(left, base::Deadline::never());
  base::Lock lock(mutex_);
  entry.left = nullptr;
}

}  // namespace daffi::rpc
