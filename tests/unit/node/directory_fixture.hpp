/// @file  A Directory and short ways to feed it, for its tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "node/directory.hpp"
#include "node/node.hpp"
#include "wire/messages.hpp"

namespace daffi::node {

using Names = std::vector<std::string>;

inline constexpr base::SteadyTime kStart{std::chrono::hours(1)};
inline constexpr base::Duration kGrace = std::chrono::seconds(5);

inline wire::Descriptor descriptor(std::uint32_t id, std::size_t parameters = 0, std::uint8_t flags = 0) {
  wire::Descriptor out;
  out.id = id;
  out.flags = flags;
  for (std::size_t i = 0; i < parameters; ++i) out.parameters.push_back({"p" + std::to_string(i), "int", "", 0});
  return out;
}

/// Callback numbers count from `first_id`; all have descriptor 1.
inline std::vector<wire::CallbackEntry> callbacks(const Names& names, std::uint32_t first_id = 1) {
  std::vector<wire::CallbackEntry> out;
  for (const std::string& name : names) out.push_back({first_id++, 1, name});
  return out;
}

inline wire::MemberEntry entry(MemberId id, std::string name, const Names& names = {},
                               wire::MemberState state = wire::MemberState::present) {
  wire::MemberEntry out;
  out.member_id = id;
  out.state = state;
  out.times_lost = state == wire::MemberState::suspended ? 1 : 0;
  out.process_name = std::move(name);
  out.language = "c++";
  out.callbacks = callbacks(names);
  return out;
}

inline wire::Snapshot snapshot(std::uint64_t sequence, std::vector<wire::MemberEntry> members, std::uint32_t part = 0,
                               std::uint32_t parts = 1) {
  return {sequence, part, parts, {descriptor(1)}, std::move(members)};
}

inline wire::Delta delta(std::uint64_t first, std::vector<wire::Change> changes, std::uint8_t flags = 0) {
  return {first, flags, {}, std::move(changes)};
}

inline std::vector<MemberId> ids(const std::vector<Holder>& holders) {
  std::vector<MemberId> out;
  for (const Holder& holder : holders) out.push_back(holder.member);
  return out;
}

/// Member 1 of epoch 7 named "me", with a snapshot at sequence 10: "alpha" (2) has f and g, "beta" (3) has f.
class DirectoryTest {
 public:
  DirectoryTest() {
    directory.set_own(1, 7);
    (void)directory.apply(known(), kStart);
  }

  static wire::Snapshot known() {
    return snapshot(10, {entry(1, "me", {"own"}), entry(2, "alpha", {"f", "g"}), entry(3, "beta", {"f"})});
  }
  /// Applies a change as the next one; true when it was taken.
  bool next(wire::Change change) { return taken(delta(sequence++, {std::move(change)})); }
  bool taken(const wire::Delta& delta) {
    const base::Result<bool> result = directory.apply(delta, kStart);
    return result && *result;
  }
  bool taken(const wire::Snapshot& part, base::SteadyTime now = kStart) {
    const base::Result<bool> result = directory.apply(part, now);
    return result && *result;
  }
  bool refused(const auto& message) {
    const base::Result<bool> result = directory.apply(message, kStart);
    return !result && result.failure().code == ErrorCode::protocol;
  }
  std::vector<MemberId> holders(std::string_view name) const {
    std::vector<Holder> out;
    directory.find(name, out);
    return ids(out);
  }

  Directory directory{"me"};
  std::uint64_t sequence = 11;
};

}  // namespace daffi::node
