/// @file  What stands behind Directory. Only for its own .cpp files.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/annotations.hpp"
#include "node/candidates_text.hpp"
#include "node/directory.hpp"
#include "node/directory_waits.hpp"
#include "node/expected_names.hpp"
#include "node/replica.hpp"

namespace daffi::node {

/// A snapshot of which not all parts have come. Value.
struct StagedSnapshot {
  Replica replica;
  std::uint64_t sequence = 0;
  std::uint32_t parts = 0;
  std::uint32_t next_part = 0;
  MemberId last_member = 0;
};

/// Delta frames that cannot be shown yet; the first `skip` changes of each are known already. Value.
struct HeldDeltas {
  static constexpr std::size_t kMaxFrames = 4096;
  static constexpr std::size_t kMaxChanges = 1u << 18;

  struct Frame {
    wire::Delta delta;
    std::size_t skip;
  };
  std::vector<Frame> frames;
  std::size_t changes = 0;
  bool add(const wire::Delta& delta, std::size_t skip);
  std::vector<Frame> take() {
    changes = 0;
    return std::exchange(frames, {});
  }
};

struct Directory::Impl {
  static constexpr std::size_t kMaxDeparted = 1000;
  struct OwnCallback {
    std::string name;
    std::shared_ptr<const Signature> signature;
  };

  explicit Impl(std::string name) : own_name(std::move(name)) {}

  // The feed.
  base::Result<void> stage(const wire::Snapshot& part) DAFFI_REQUIRES(mutex);
  base::Result<void> stage_member(const wire::MemberEntry& entry, bool may_continue) DAFFI_REQUIRES(mutex);
  base::Result<bool> finish_snapshot(base::SteadyTime now) DAFFI_REQUIRES(mutex);
  void note_losses(const Replica& next) DAFFI_REQUIRES(mutex);
  base::Result<bool> take_delta(const wire::Delta& delta) DAFFI_REQUIRES(mutex);
  base::Result<bool> show(const wire::Delta& delta, std::size_t skip) DAFFI_REQUIRES(mutex);
  base::Result<bool> show_change(const wire::Change& change) DAFFI_REQUIRES(mutex);
  base::Result<bool> lose_track() DAFFI_REQUIRES(mutex);
  void remember_departed(const Replica::Member& member) DAFFI_REQUIRES(mutex);
  void drop_expired(base::SteadyTime now) DAFFI_REQUIRES(mutex);
  void changed() { version.fetch_add(1, std::memory_order_release); }

  // Lookups.
  static Holder to_holder(const Replica::Member& member, const Replica::Record& record);
  const OwnCallback* find_own(std::string_view callback) const DAFFI_REQUIRES_SHARED(mutex);
  /// A suspended member other than this one holds it, or a present one.
  bool held(std::string_view callback, bool suspended) const DAFFI_REQUIRES_SHARED(mutex);
  std::vector<Candidates> candidates() const DAFFI_REQUIRES_SHARED(mutex);

  const std::string own_name;
  const std::uint64_t own_name_hash = name_hash(own_name);
  std::atomic<std::uint64_t> version{1};
  std::atomic<bool> ready{false};
  DirectoryWaits waits;

  mutable base::SharedMutex mutex;
  MemberId own_id DAFFI_GUARDED_BY(mutex) = 0;
  std::uint32_t epoch DAFFI_GUARDED_BY(mutex) = 0;
  Replica replica DAFFI_GUARDED_BY(mutex);
  std::uint64_t received DAFFI_GUARDED_BY(mutex) = 0;  ///< sequence of the last change shown or in `group`
  bool out_of_step DAFFI_GUARDED_BY(mutex) = false;    ///< deltas mean nothing until a snapshot comes
  std::optional<StagedSnapshot> staging DAFFI_GUARDED_BY(mutex);
  HeldDeltas group DAFFI_GUARDED_BY(mutex);            ///< waits for the frame that makes it visible
  HeldDeltas behind_snapshot DAFFI_GUARDED_BY(mutex);  ///< came between the parts of a snapshot
  Losses losses DAFFI_GUARDED_BY(mutex);
  std::unordered_map<MemberId, std::string> departed DAFFI_GUARDED_BY(mutex);
  std::deque<MemberId> departed_order DAFFI_GUARDED_BY(mutex);
  ExpectedNames expected DAFFI_GUARDED_BY(mutex);
  std::vector<OwnCallback> own_callbacks DAFFI_GUARDED_BY(mutex);  ///< each name once
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> own_index DAFFI_GUARDED_BY(mutex);
};

}  // namespace daffi::node
