/// @file  Giving member ids away and taking them back.
#include "controller/member_table.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace daffi::controller {

MemberTable::MemberTable(std::size_t max_members)
    : max_members_(max_members),
      mask_(static_cast<std::uint32_t>(std::bit_ceil(std::max<std::size_t>(max_members, 1))) - 1) {}

Member* MemberTable::add(std::unique_ptr<Member> member) {
  if (size_ == max_members_) return nullptr;
  std::size_t index = slots_.size();
  if (!free_.empty()) {
    index = free_.front();
    free_.pop_front();
  } else {
    if (index > mask_) return nullptr;
    slots_.push_back({.id = static_cast<std::uint32_t>(index) + 1, .member = nullptr});
  }
  Slot& slot = slots_[index];
  member->entry.member_id = slot.id;
  slot.member = std::move(member);
  ++size_;
  return slot.member.get();
}

std::unique_ptr<Member> MemberTable::remove(Member& member) {
  const std::uint32_t index = (member.id() - 1) & mask_;
  Slot& slot = slots_[index];
  --size_;
  if (slot.id <= std::numeric_limits<std::uint32_t>::max() - mask_ - 1) {
    slot.id += mask_ + 1;
    free_.push_back(index);
  } else {
    slot.id = 0;
  }
  return std::exchange(slot.member, nullptr);
}

}  // namespace daffi::controller
