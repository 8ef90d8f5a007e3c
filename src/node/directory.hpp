/// @file  Directory: this node's replica of who is there and what they offer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "node/holder.hpp"

namespace daffi::wire {
struct Snapshot;
struct Delta;
struct Identity;
}  // namespace daffi::wire

namespace daffi::node {

struct MemberView;

/// Fed by the reader with what the controller sends, asked by every call. Nothing foreign is called under its lock:
/// checks and continuations of waits run on the thread that takes them.
/// Threads: any; apply() by one thread at a time.
class Directory {
 public:
  explicit Directory(std::string own_name);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  // What the connection brings.

  /// From each welcome. What is known stays until the connection's first snapshot is complete; under another epoch than
  /// before it is forgotten at once, because its member ids mean nothing any more.
  void set_own(MemberId id, std::uint32_t epoch);
  /// Takes in one part of a snapshot; the last part replaces what was known. False: a gap, a fresh snapshot is to be
  /// asked for. Failure: protocol; nothing but a new connection helps then.
  base::Result<bool> apply(const wire::Snapshot& part, base::SteadyTime now);
  /// Takes in changes, in time proportional to them. The same results.
  base::Result<bool> apply(const wire::Delta& delta, base::SteadyTime now);
  /// What is known stays, but nobody counts as there any more for has_process() and has_function(). The names known
  /// now are expected: while the controller is away, because nobody can come back meanwhile, and for `grace` from the
  /// next complete snapshot.
  void lost_controller(base::SteadyTime now, base::Duration grace);
  /// A full snapshot of this connection is here.
  bool ready() const;
  /// Differs after every change: who keeps what a lookup gave reads it before the lookup and compares it later.
  /// Never 0.
  std::uint64_t version() const;

  // Lookups.

  /// The processes that hold `callback`, without this one, suspended and draining ones included, in joining order.
  /// Replaces `out`, whose capacity is used again.
  void find(std::string_view callback, std::vector<Holder>& out) const;
  /// What `process` holds under that name. This process included; its callback_id is 0 until the controller has
  /// announced it.
  std::optional<Holder> find_at(std::string_view process, std::string_view callback) const;
  /// A process, whatever it holds: callback_id 0 and no signature. This process included, as long as it has an id.
  std::optional<Holder> find_process(std::string_view process) const;
  /// What the controller verified about a member, this process included; nothing when it is not there.
  std::optional<wire::Identity> identity_of(MemberId id) const;
  /// Waiting may help: nobody present holds it, but a suspended member does, or a process did that was known before the
  /// controller was lost and is not back.
  bool is_expected(std::string_view callback, base::SteadyTime now) const;
  bool is_expected_process(std::string_view process, base::SteadyTime now) const;
  /// When the names known before the loss stop being expected; nothing while the controller is away.
  std::optional<base::SteadyTime> next_expiry() const;
  /// Present or suspended, this process included.
  std::optional<MemberId> member(std::string_view process) const;
  bool speaks_python(MemberId id) const;
  /// Also of the last thousand that left; else "member 12".
  std::string name_of(MemberId id) const;
  bool is_present(MemberId id) const;
  bool is_suspended(MemberId id) const;
  /// True for a present member (not a suspended one), and for this process.
  bool has_process(std::string_view process) const;
  /// True when a present member holds it, or this process does.
  bool has_function(std::string_view callback) const;
  /// Some process holds it, but not for this one.
  bool is_closed(std::string_view callback) const;
  /// In order of registration; replaces what was set before.
  void set_own_callbacks(const std::vector<std::pair<std::string, std::shared_ptr<const Signature>>>& callbacks);

  // Waits.

  using Check = std::function<bool()>;
  /// Evaluates `check` now and in every take_due() until it is true once; then that take_due(), or the next one when it
  /// is true now, hands `done` out. `check` may ask this directory. The result is never 0, but for one case: 65536
  /// waits are there already, and this one is not taken.
  std::uint64_t when(Check check, std::function<void()> done);
  /// True: `done` will never run; `check` may just be running on another thread. False: take_due() has handed `done`
  /// out already, and it has run, runs or will; what it refers to must live that long.
  bool forget_wait(std::uint64_t id);
  /// What is to be run now. To be called after apply(), set_own_callbacks() and when(), outside the read role.
  std::vector<std::function<void()>> take_due();

  /// Members that have left, or lost their connection and may be back, since the last take_losses(): calls pending on
  /// them must end.
  struct Losses {
    std::vector<MemberId> left, suspended;
  };
  Losses take_losses();

  // What people are shown.

  /// Of present members other than this one; names in order of registration.
  std::map<std::string, std::vector<std::string>> registered_callbacks() const;
  /// In joining order, this process included, suspended ones too.
  std::vector<MemberView> members() const;
  /// Say what there is, the nearest names first when that is much.
  std::string unknown_callback_text(std::string_view callback) const;
  std::string unknown_receiver_text(std::string_view process, std::string_view callback) const;
  /// What to ask the controller for a callback's documentation text with (wire::Describe::Item). Value.
  struct Described {
    MemberId member = 0;
    std::uint32_t callback_id = 0;
  };
  std::optional<Described> described(std::string_view process, std::string_view callback) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace daffi::node
