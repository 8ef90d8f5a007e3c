/// @file  Directory: lookups, waits, and what people are shown.
#include "node/directory.hpp"

#include <algorithm>

#include "node/directory_impl.hpp"
#include "node/node.hpp"

namespace daffi::node {
namespace {

constexpr std::string_view kPython = "python";

std::string identity_text(const wire::Identity& identity) {
  using Kind = wire::Identity::Kind;
  std::string out;
  switch (identity.kind) {
    case Kind::none:
      return identity.text;
    case Kind::peercred:
      out = "user";
      break;
    case Kind::cookie:
      out = "cookie";
      break;
    case Kind::token:
      out = "token";
      break;
    case Kind::certificate:
      out = "certificate";
      break;
  }
  if (!identity.role.empty()) out += " (role " + identity.role + ")";
  if (identity.uid != wire::Identity::kNoUid) out += " " + std::to_string(identity.uid);
  if (!identity.text.empty()) out += " " + identity.text;
  return out;
}

MemberView to_view(const Replica::Member& member) {
  MemberView view;
  view.process_name = member.process_name;
  view.language = member.language;
  view.identity = identity_text(member.identity);
  view.suspended = member.suspended;
  view.draining = member.draining;
  for (const Replica::Record* record : Replica::in_order(member)) {
    view.callbacks.push_back({*record->name, record->description->signature, record->description->callers});
  }
  return view;
}

}  // namespace

Directory::Directory(std::string own_name) : impl_(std::make_unique<Impl>(std::move(own_name))) {}
Directory::~Directory() = default;

bool Directory::ready() const { return impl_->ready.load(std::memory_order_acquire); }
std::uint64_t Directory::version() const { return impl_->version.load(std::memory_order_acquire); }

// Lookups.

Holder Directory::Impl::to_holder(const Replica::Member& member, const Replica::Record& record) {
  return {member.id,
          record.callback_id,
          member.suspended,
          member.draining,
          Description::for_checks(record.description),
          member.language == kPython,
          member.name_hash};
}

const Directory::Impl::OwnCallback* Directory::Impl::find_own(std::string_view callback) const {
  const auto at = own_index.find(callback);
  return at == own_index.end() ? nullptr : &own_callbacks[at->second];
}

void Directory::find(std::string_view callback, std::vector<Holder>& out) const {
  out.clear();
  base::ReadLock lock(impl_->mutex);
  const auto* holders = impl_->replica.holders(callback);
  if (!holders) return;
  for (const Replica::Holding& holding : *holders) {
    if (holding.member->id != impl_->own_id) out.push_back(Impl::to_holder(*holding.member, *holding.record));
  }
}

std::optional<Holder> Directory::find_at(std::string_view process, std::string_view callback) const {
  const Impl& self = *impl_;
  base::ReadLock lock(self.mutex);
  if (process == self.own_name) {
    const Impl::OwnCallback* own = self.find_own(callback);
    if (!own) return std::nullopt;
    const Replica::Record* announced = self.replica.find_callback(self.own_id, callback);
    const Replica::Member* me = self.replica.find(self.own_id);
    return Holder{self.own_id,
                  announced ? announced->callback_id : 0,
                  false,
                  false,
                  own->signature,
                  me != nullptr && me->language == kPython,
                  self.own_name_hash};
  }
  const Replica::Member* member = self.replica.find_process(process);
  if (!member) return std::nullopt;
  const Replica::Record* record = self.replica.find_callback(member->id, callback);
  if (!record) return std::nullopt;
  return Impl::to_holder(*member, *record);
}

std::optional<Holder> Directory::find_process(std::string_view process) const {
  const Impl& self = *impl_;
  base::ReadLock lock(self.mutex);
  if (process == self.own_name) {
    if (self.own_id == 0) return std::nullopt;
    const Replica::Member* own = self.replica.find(self.own_id);
    return Holder{self.own_id, 0, false, own != nullptr && own->draining, nullptr, true, self.own_name_hash};
  }
  const Replica::Member* member = self.replica.find_process(process);
  if (!member) return std::nullopt;
  return Holder{member->id,       0, member->suspended, member->draining, nullptr, member->language == kPython,
                member->name_hash};
}

std::optional<wire::Identity> Directory::identity_of(MemberId id) const {
  base::ReadLock lock(impl_->mutex);
  const Replica::Member* member = impl_->replica.find(id);
  return member ? std::optional(member->identity) : std::nullopt;
}

bool Directory::Impl::held(std::string_view callback, bool suspended) const {
  const auto* holders = replica.holders(callback);
  if (!holders) return false;
  for (const Replica::Holding& each : *holders) {
    if (each.member->id != own_id && each.member->suspended == suspended) return true;
  }
  return false;
}

bool Directory::is_closed(std::string_view callback) const {
  base::ReadLock lock(impl_->mutex);
  return impl_->replica.is_closed(callback);
}

bool Directory::is_expected(std::string_view callback, base::SteadyTime now) const {
  const Impl& self = *impl_;
  base::ReadLock lock(self.mutex);
  if (self.ready && self.held(callback, false)) return false;
  return self.held(callback, true) || self.expected.callback(callback, now);
}

bool Directory::is_expected_process(std::string_view process, base::SteadyTime now) const {
  const Impl& self = *impl_;
  base::ReadLock lock(self.mutex);
  if (process == self.own_name) return false;
  const Replica::Member* member = self.replica.find_process(process);
  if (self.ready && member && !member->suspended) return false;
  return (member && member->suspended) || self.expected.process(process, now);
}

std::optional<base::SteadyTime> Directory::next_expiry() const {
  base::ReadLock lock(impl_->mutex);
  return impl_->expected.until();
}

std::optional<MemberId> Directory::member(std::string_view process) const {
  const Impl& self = *impl_;
  base::ReadLock lock(self.mutex);
  if (process == self.own_name && self.own_id != 0) return self.own_id;
  const Replica::Member* member = self.replica.find_process(process);
  return member ? std::optional(member->id) : std::nullopt;
}

bool Directory::speaks_python(MemberId id) const {
  base::ReadLock lock(impl_->mutex);
  const Replica::Member* member = impl_->replica.find(id);
  return member != nullptr && member->language == kPython;
}

std::string Directory::name_of(MemberId id) const {
  const Impl& self = *impl_;
  base::ReadLock lock(self.mutex);
  if (const Replica::Member* member = self.replica.find(id)) return member->process_name;
  if (id != 0 && id == self.own_id) return self.own_name;
  if (const auto at = self.departed.find(id); at != self.departed.end()) return at->second;
  return "member " + std::to_string(id);
}

bool Directory::is_present(MemberId id) const {
  base::ReadLock lock(impl_->mutex);
  const Replica::Member* member = impl_->replica.find(id);
  return member && !member->suspended;
}

bool Directory::is_suspended(MemberId id) const {
  base::ReadLock lock(impl_->mutex);
  const Replica::Member* member = impl_->replica.find(id);
  return member && member->suspended;
}

bool Directory::has_process(std::string_view process) const {
  if (process == impl_->own_name) return true;
  base::ReadLock lock(impl_->mutex);
  if (!impl_->ready) return false;
  const Replica::Member* member = impl_->replica.find_process(process);
  return member && !member->suspended;
}

bool Directory::has_function(std::string_view callback) const {
  base::ReadLock lock(impl_->mutex);
  return impl_->find_own(callback) || (impl_->ready && impl_->held(callback, false));
}

void Directory::set_own_callbacks(
    const std::vector<std::pair<std::string, std::shared_ptr<const Signature>>>& callbacks) {
  Impl& self = *impl_;
  base::WriteLock lock(self.mutex);
  self.own_callbacks.clear();
  self.own_index.clear();
  for (const auto& [name, signature] : callbacks) {
    const auto [at, fresh] = self.own_index.try_emplace(name, self.own_callbacks.size());
    if (fresh) {
      self.own_callbacks.push_back({name, signature});
    } else {
      self.own_callbacks[at->second].signature = signature;
    }
  }
  self.changed();
}

// Waits and losses.

std::uint64_t Directory::when(Check check, std::function<void()> done) {
  return impl_->waits.add(std::move(check), std::move(done));
}
bool Directory::forget_wait(std::uint64_t id) { return impl_->waits.forget(id); }
std::vector<std::function<void()>> Directory::take_due() { return impl_->waits.take_due(); }

Directory::Losses Directory::take_losses() {
  base::WriteLock lock(impl_->mutex);
  return std::exchange(impl_->losses, {});
}

// What people are shown.

std::map<std::string, std::vector<std::string>> Directory::registered_callbacks() const {
  std::map<std::string, std::vector<std::string>> out;
  base::ReadLock lock(impl_->mutex);
  for (const auto& [id, member] : impl_->replica.members()) {
    if (id == impl_->own_id || member.suspended || member.observer) continue;
    std::vector<std::string>& names = out[member.process_name];
    names.clear();
    for (const Replica::Record* record : Replica::in_order(member)) names.push_back(*record->name);
  }
  return out;
}

std::vector<MemberView> Directory::members() const {
  std::vector<MemberView> out;
  base::ReadLock lock(impl_->mutex);
  for (const auto& [id, member] : impl_->replica.members()) {
    if (!member.observer || id == impl_->own_id) out.push_back(to_view(member));
  }
  return out;
}

std::vector<Candidates> Directory::Impl::candidates() const {
  std::vector<Candidates> out;
  for (const auto& [id, member] : replica.members()) {
    if (id == own_id || member.suspended || member.observer) continue;
    Candidates& each = out.emplace_back(Candidates{member.process_name, {}});
    for (const Replica::Record* record : Replica::in_order(member)) each.callbacks.push_back(*record->name);
  }
  return out;
}

// Both texts are put together outside the lock: ranking ten thousand names takes its time.
std::string Directory::unknown_callback_text(std::string_view callback) const {
  std::vector<Candidates> others;
  bool held_here = false;
  {
    base::ReadLock lock(impl_->mutex);
    others = impl_->candidates();
    held_here = impl_->find_own(callback) != nullptr;
  }
  return node::unknown_callback_text(callback, others, held_here);
}

std::string Directory::unknown_receiver_text(std::string_view process, std::string_view callback) const {
  std::vector<Candidates> others;
  bool is_there = process == impl_->own_name;
  {
    base::ReadLock lock(impl_->mutex);
    others = impl_->candidates();
    is_there = is_there || impl_->replica.find_process(process) != nullptr;
    if (process == impl_->own_name) {
      Candidates& own = others.emplace_back(Candidates{impl_->own_name, {}});
      for (const Impl::OwnCallback& each : impl_->own_callbacks) own.callbacks.push_back(each.name);
    }
  }
  return node::unknown_receiver_text(process, callback, others, is_there);
}

std::optional<Directory::Described> Directory::described(std::string_view process, std::string_view callback) const {
  base::ReadLock lock(impl_->mutex);
  const Replica::Member* member = impl_->replica.find_process(process);
  if (!member) return std::nullopt;
  const Replica::Record* record = impl_->replica.find_callback(member->id, callback);
  if (!record) return std::nullopt;
  return Described{member->id, record->callback_id};
}

}  // namespace daffi::node
