/// @file  Directory: how snapshots and deltas become what is known.
#include <limits>
#include <variant>

#include "node/directory_impl.hpp"

namespace daffi::node {
namespace {

base::Failure nonsense(std::string what) {
  return base::fail(ErrorCode::protocol, "bad directory: " + std::move(what));
}

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace

void Directory::set_own(MemberId id, std::uint32_t epoch) {
  Replica forgotten;  // destroyed after the lock is released: it may be large
  Impl& self = *impl_;
  base::WriteLock lock(self.mutex);
  if (epoch != self.epoch) {
    forgotten = std::move(self.replica);
    self.replica = Replica();
    self.departed.clear();
    self.departed_order.clear();
    self.losses = {};
  }
  self.own_id = id;
  self.epoch = epoch;
  self.ready = false;
  self.out_of_step = false;
  self.staging.reset();
  self.group.take();
  self.behind_snapshot.take();
  self.changed();
}

void Directory::lost_controller(base::SteadyTime now, base::Duration grace) {
  Impl& self = *impl_;
  base::WriteLock lock(self.mutex);
  self.drop_expired(now);
  self.expected.lost(grace);
  for (const auto& [id, member] : self.replica.members()) {
    if (id == self.own_id || member.observer) continue;
    std::vector<std::string> names;
    for (const Replica::Record* record : Replica::in_order(member)) names.push_back(*record->name);
    self.expected.add(member.process_name, std::move(names));
  }
  self.ready = false;
  self.staging.reset();
  self.group.take();
  self.behind_snapshot.take();
  self.changed();
}

base::Result<bool> Directory::apply(const wire::Snapshot& part, base::SteadyTime now) {
  Impl& self = *impl_;
  base::WriteLock lock(self.mutex);
  const base::Result<void> staged = self.stage(part);
  if (!staged) {
    self.staging.reset();
    return base::Failure(staged.failure());
  }
  if (self.staging->next_part < self.staging->parts) return true;
  return self.finish_snapshot(now);
}

base::Result<bool> Directory::apply(const wire::Delta& delta, base::SteadyTime now) {
  base::WriteLock lock(impl_->mutex);
  impl_->drop_expired(now);
  return impl_->take_delta(delta);
}

base::Result<void> Directory::Impl::stage(const wire::Snapshot& part) {
  if (part.part >= part.parts) return nonsense("a snapshot's part beyond its last");
  if (part.part == 0) {
    // A new snapshot may begin before the one under way is complete; what is held came before it and is in it.
    staging.emplace();
    staging->sequence = part.sequence;
    staging->parts = part.parts;
    behind_snapshot.take();
  }
  if (!staging || staging->next_part != part.part) return nonsense("a snapshot's parts are out of order");
  if (staging->sequence != part.sequence || staging->parts != part.parts) {
    return nonsense("parts of different snapshots");
  }
  staging->replica.add_descriptors(part.descriptors);
  bool may_continue = part.part > 0;
  for (const wire::MemberEntry& entry : part.members) {
    if (const base::Result<void> taken = stage_member(entry, may_continue); !taken) return taken.failure();
    may_continue = false;
  }
  ++staging->next_part;
  return {};
}

base::Result<void> Directory::Impl::stage_member(const wire::MemberEntry& entry, bool may_continue) {
  const bool continues = may_continue && entry.member_id == staging->last_member;
  const base::Result<bool> taken =
      continues ? staging->replica.add_callbacks(entry.member_id, entry.callbacks) : staging->replica.join(entry);
  if (!taken) return taken.failure();
  if (!*taken) return nonsense("a snapshot uses a descriptor it does not bring");
  staging->last_member = entry.member_id;
  return {};
}

base::Result<bool> Directory::Impl::finish_snapshot(base::SteadyTime now) {
  note_losses(staging->replica);
  std::swap(replica, staging->replica);
  received = staging->sequence;
  staging.reset();
  group.take();
  out_of_step = false;
  ready = true;
  expected.found(now);
  drop_expired(now);
  if (!expected.empty()) {
    for (const auto& [id, member] : replica.members()) expected.is_back(member.process_name);
  }
  changed();
  for (const HeldDeltas::Frame& frame : behind_snapshot.take()) {
    if (base::Result<bool> taken = take_delta(frame.delta); !taken || !*taken) return taken;
  }
  return true;
}

void Directory::Impl::note_losses(const Replica& next) {
  for (const auto& [id, member] : replica.members()) {
    if (id == own_id) continue;
    const Replica::Member* now = next.find(id);
    if (!now) {
      losses.left.push_back(id);
      remember_departed(member);
    } else if (now->times_lost != member.times_lost) {  // it may be back by now
      losses.suspended.push_back(id);
    }
  }
}

base::Result<bool> Directory::Impl::take_delta(const wire::Delta& delta) {
  if (staging) {
    if (!behind_snapshot.add(delta, 0)) return nonsense("too many changes between the parts of a snapshot");
    return true;
  }
  // Before the first snapshot, and after a gap, whatever comes is in the snapshot that will follow.
  if (!ready || out_of_step) return true;
  const std::size_t count = delta.changes.size();
  if (delta.first_sequence == 0 || delta.first_sequence > std::numeric_limits<std::uint64_t>::max() - count) {
    return nonsense("changes with impossible numbers");
  }
  const std::uint64_t next = received + 1;
  if (delta.first_sequence > next) return lose_track();
  const std::uint64_t known = next - delta.first_sequence;
  if (known > count || (known == count && count > 0)) return true;
  received += count - known;
  const auto skip = static_cast<std::size_t>(known);
  if ((delta.flags & wire::Delta::kMore) != 0) {
    if (!group.add(delta, skip)) return nonsense("too many changes that are to be shown together");
    return true;
  }
  for (const HeldDeltas::Frame& frame : group.take()) {
    if (base::Result<bool> shown = show(frame.delta, frame.skip); !shown || !*shown) return shown;
  }
  return show(delta, skip);
}

base::Result<bool> Directory::Impl::show(const wire::Delta& delta, std::size_t skip) {
  replica.add_descriptors(delta.descriptors);
  for (std::size_t i = skip; i < delta.changes.size(); ++i) {
    base::Result<bool> shown = show_change(delta.changes[i]);
    if (!shown) return shown;
    if (!*shown) return lose_track();
  }
  if (skip < delta.changes.size()) changed();
  return true;
}

base::Result<bool> Directory::Impl::show_change(const wire::Change& change) {
  return std::visit(
      Overloaded{
          [&](const wire::MemberJoined& c) DAFFI_NO_THREAD_SAFETY_ANALYSIS {
            expected.is_back(c.member.process_name);
            return replica.join(c.member);
          },
          [&](const wire::MemberLeft& c) DAFFI_NO_THREAD_SAFETY_ANALYSIS {
            if (const Replica::Member* member = replica.find(c.member_id); member && c.member_id != own_id) {
              losses.left.push_back(c.member_id);
              remember_departed(*member);
            }
            return replica.leave(c.member_id);
          },
          [&](const wire::MemberSuspended& c) DAFFI_NO_THREAD_SAFETY_ANALYSIS {
            if (c.member_id != own_id) losses.suspended.push_back(c.member_id);
            return replica.set_suspended(c.member_id);
          },
          [&](const wire::MemberResumed& c) DAFFI_NO_THREAD_SAFETY_ANALYSIS { return replica.replace(c.member); },
          [&](const wire::CallbacksAdded& c)
              DAFFI_NO_THREAD_SAFETY_ANALYSIS { return replica.add_callbacks(c.member_id, c.callbacks); },
          [&](const wire::CallbacksRemoved& c)
              DAFFI_NO_THREAD_SAFETY_ANALYSIS { return replica.remove_callbacks(c.member_id, c.callback_ids); },
          [&](const wire::MemberDraining& c)
              DAFFI_NO_THREAD_SAFETY_ANALYSIS { return replica.set_draining(c.member_id); },
      },
      change);
}

base::Result<bool> Directory::Impl::lose_track() {
  out_of_step = true;
  group.take();
  return false;
}

void Directory::Impl::remember_departed(const Replica::Member& member) {
  if (!departed.insert_or_assign(member.id, member.process_name).second) return;
  departed_order.push_back(member.id);
  if (departed_order.size() <= kMaxDeparted) return;
  departed.erase(departed_order.front());
  departed_order.pop_front();
}

void Directory::Impl::drop_expired(base::SteadyTime now) {
  if (!expected.empty() && expected.expired(now)) expected.clear();
}

bool HeldDeltas::add(const wire::Delta& delta, std::size_t skip) {
  if (frames.size() >= kMaxFrames || changes + delta.changes.size() > kMaxChanges) return false;
  frames.push_back({delta, skip});
  changes += delta.changes.size();
  return true;
}

}  // namespace daffi::node
