/// @file  MemberTable: who has which member id; the look-up of every frame that is switched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "controller/member.hpp"

namespace daffi::controller {

/// Owns the members. An id is a slot's number and how often the slot was given away, so that finding is one compare
/// and no id is ever given twice; slots are given away again in the order in which they fell free, and one whose ids
/// are used up is retired. Strand: the loop's thread.
class MemberTable {
 public:
  explicit MemberTable(std::size_t max_members);

  /// Gives the member an id; null when the table is full.
  Member* add(std::unique_ptr<Member> member);
  /// The member leaves the table; its id finds nothing from now on.
  std::unique_ptr<Member> remove(Member& member);
  Member* find(std::uint32_t id) const {
    const std::size_t index = (id - 1) & mask_;
    return index < slots_.size() && slots_[index].id == id ? slots_[index].member.get() : nullptr;
  }
  std::size_t size() const { return size_; }

  /// In no particular order; `visit` must not add or remove.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.member != nullptr) visit(*slot.member);
    }
  }

 private:
  struct Slot {
    std::uint32_t id = 0;  ///< of the member in it; of the next one while it is empty
    std::unique_ptr<Member> member;
  };

  std::vector<Slot> slots_;
  std::deque<std::uint32_t> free_;
  std::size_t size_ = 0;
  const std::size_t max_members_;
  const std::uint32_t mask_;  ///< as many ids share a slot as fit into 32 bits
};

}  // namespace daffi::controller
