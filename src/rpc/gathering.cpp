/// @file  Ticking off answers.
#include "rpc/gathering.hpp"

#include <algorithm>

namespace daffi::rpc {

void Gathering::expect(std::vector<std::pair<std::uint32_t, std::string>> members) {
  if (std::exchange(expected_, true)) return;
  std::ranges::sort(members, {}, &std::pair<std::uint32_t, std::string>::first);
  entries_.reserve(members.size());
  for (auto& [member, process] : members) {
    if (!entries_.empty() && entries_.back().member == member) continue;
    entries_.push_back({.member = member, .process = std::move(process)});
  }
  waiting_ = entries_.size();
}

Gathering::Entry* Gathering::awaited(std::uint32_t member) {
  const auto found = std::ranges::lower_bound(entries_, member, {}, &Entry::member);
  if (found == entries_.end() || found->member != member || found->state != Entry::State::waiting) return nullptr;
  return &*found;
}

bool Gathering::answer(std::uint32_t member, wire::FrameKind kind, base::Bytes payload) {
  Entry* entry = awaited(member);
  if (entry == nullptr) return false;
  --waiting_;
  entry->kind = kind;
  if (payload.size() > room_) {
    entry->state = Entry::State::too_large;
    return true;
  }
  room_ -= payload.size();
  entry->state = Entry::State::answered;
  entry->payload.assign(payload.begin(), payload.end());
  return true;
}

bool Gathering::lose(std::uint32_t member) {
  Entry* entry = awaited(member);
  if (entry == nullptr) return false;
  --waiting_;
  entry->state = Entry::State::lost;
  return true;
}

void Gathering::lose_rest() {
  for (Entry& entry : entries_) {
    if (entry.state == Entry::State::waiting) entry.state = Entry::State::lost;
  }
  waiting_ = 0;
}

}  // namespace daffi::rpc
