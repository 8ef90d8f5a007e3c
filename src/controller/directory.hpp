/// @file  Directory: who is there and what they offer, told to everybody as numbered changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "controller/delta_log.hpp"
#include "controller/descriptor_table.hpp"
#include "controller/member.hpp"
#include "wire/messages.hpp"

namespace daffi::controller {

/// Knows the members that are shown to others; owns none. What it is told to change it records in its log; sending is
/// for the caller. Strand: the loop's thread.
class Directory {
 public:
  Directory(std::uint32_t epoch, std::size_t max_callbacks)
      : log_(epoch), epoch_(epoch), max_callbacks_(max_callbacks) {}

  /// Whether a member that holds `held` callbacks may announce this. Failure: too_large (too many or too long),
  /// protocol.
  base::Result<void> check(const Member& member, const wire::Register& news) const;

  // Each of these makes what the member's session sees next complete: member and callbacks change together.
  // Announcements have been checked.

  void join(Member& member, wire::Register callbacks);
  /// Known to all, but not listed: it has no claim to its name.
  void join_observer(Member& member);
  void suspend(Member& member);
  /// The same process again; what it announces now replaces what it had.
  void resume(Member& member, wire::Register callbacks);
  void update(Member& member, wire::Register news);
  void leave(Member& member, base::CloseReason reason);

  Member* find_name(std::string_view name) const;
  Member* find_instance(const wire::InstanceToken& instance) const;
  /// One who holds a callback of a name, and under which id. Value.
  struct Holder {
    Member* member;
    std::uint32_t callback_id;
  };
  /// All who hold it, suspended and draining ones included, by when they joined. Valid until the next change.
  const std::map<std::uint64_t, Holder>& holders(std::string_view callback) const;
  std::size_t size() const { return by_name_.size(); }

  /// The frames of a snapshot as of log().closed(), with which nothing may be open; made once for all who see the same,
  /// as long as nothing changes.
  const std::vector<base::Slice>& snapshot(const Viewer& viewer);
  DeltaLog& log() { return log_; }
  const DeltaLog& log() const { return log_; }

 private:
  std::vector<wire::CallbackEntry> add_callbacks(Member& member, std::vector<wire::Registration> added);
  std::vector<std::uint32_t> remove_callbacks(Member& member, const wire::Register& news);
  void drop_callbacks(Member& member);
  void release_callback(Member& member, const wire::CallbackEntry& callback);
  void close_entries(const std::vector<wire::CallbackEntry>& entries);
  void record(Member& member, wire::Change change);
  void record_entry(Member& member, bool resumed);

  DeltaLog log_;
  const std::uint32_t epoch_;
  const std::size_t max_callbacks_;
  DescriptorTable descriptors_;
  std::uint64_t last_joined_ = 0;
  std::map<std::uint64_t, Member*> in_order_;  ///< by joined
  std::unordered_map<std::string, Member*> by_name_;
  std::map<wire::InstanceToken, Member*> by_instance_;
  std::map<std::string, std::map<std::uint64_t, Holder>, std::less<>> holders_;  ///< by callback name and `joined`
  Closed closed_;                                                                ///< of all descriptors that are in use
  std::map<std::string, std::vector<base::Slice>> snapshots_;                    ///< by view_key()
  std::optional<std::uint64_t> snapshot_sequence_;
};

}  // namespace daffi::controller
