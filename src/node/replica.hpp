/// @file  Replica: members, their callbacks, and who holds a name, as the controller's messages build them up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "node/descriptors.hpp"
#include "node/holder.hpp"
#include "node/name_hash.hpp"
#include "wire/directory_messages.hpp"

namespace daffi::node {

/// Changes cost time proportional to themselves, however many members there are; lookups by name are one hash. Knows no
/// sequence numbers and no "own" member: all are equal here. After a failure it is consistent, but not to be trusted.
/// Threads: as its owner's lock says.
class Replica {
 public:
  static constexpr std::size_t kMaxMembers = 1u << 16;
  static constexpr std::size_t kMaxCallbacks = 1u << 20;  ///< of all members together
  static constexpr std::size_t kSpareDescriptors = 1024;  ///< may be kept though nobody uses them

  struct Record {
    const std::string* name = nullptr;  ///< a key of the index, which outlives it
    std::uint32_t callback_id = 0;
    std::uint64_t order = 0;  ///< of registration
    std::shared_ptr<const Description> description;
    Record* earlier = nullptr;  ///< registrations of the same name by the same member
    Record* later = nullptr;
  };

  struct Member {
    MemberId id = 0;
    std::string process_name, language;
    wire::Identity identity;
    std::uint64_t name_hash = 0;
    bool suspended = false, draining = false;
    std::uint32_t times_lost = 0;                 ///< suspensions so far, seen or not
    bool observer = false;                        ///< not to be found by its name, nor listed
    std::map<std::uint32_t, Record> callbacks;    ///< by callback id
    std::map<std::uint32_t, std::string> closed;  ///< what is not for this process: session::closed_name() by id
  };

  /// One member's part in a callback name. Of several registrations of one name the last one counts.
  struct Holding {
    const Member* member = nullptr;
    Record* record = nullptr;
  };

  Replica() = default;
  Replica(Replica&&) = default;
  Replica& operator=(Replica&&) = default;

  // Changes. Failure: protocol. False: it uses a descriptor that never came.
  base::Result<bool> join(const wire::MemberEntry& entry);
  /// The entry replaces what was known of that member, its state included.
  base::Result<bool> replace(const wire::MemberEntry& entry);
  base::Result<bool> add_callbacks(MemberId id, const std::vector<wire::CallbackEntry>& callbacks);
  base::Result<bool> remove_callbacks(MemberId id, const std::vector<std::uint32_t>& callback_ids);
  base::Result<bool> leave(MemberId id);
  base::Result<bool> set_suspended(MemberId id);
  base::Result<bool> set_draining(MemberId id);
  void add_descriptors(const std::vector<wire::Descriptor>& descriptors);

  // Lookups. What they return lives until the next change.
  const Member* find(MemberId id) const;
  /// Of several with one name a present one, and of those the newest.
  const Member* find_process(std::string_view name) const;
  /// In joining order; nullptr: nobody.
  const std::vector<Holding>* holders(std::string_view callback) const;
  /// What `member` holds under that name, nullptr: nothing.
  const Record* find_callback(MemberId member, std::string_view callback) const;
  /// Some member holds that callback, but not for this process.
  bool is_closed(std::string_view callback) const;
  /// By id, which is joining order.
  const std::map<MemberId, Member>& members() const { return members_; }
  /// What counts of each name of one member, in order of the names' first registrations.
  static std::vector<const Record*> in_order(const Member& member);

 private:
  using Index = std::unordered_map<std::string, std::vector<Holding>, TextHash, std::equal_to<>>;

  Member* find_mutable(MemberId id);
  void drop_callbacks(Member& member);
  static void hold(const Member& member, Record& record, std::vector<Holding>& holders);
  void release(const Member& member, const Record& record);
  void forget_unused_descriptors();
  base::Result<bool> add_closed(Member& member, const wire::CallbackEntry& entry);
  void release_closed(const std::string& name);

  std::map<MemberId, Member> members_;
  std::unordered_map<std::string, std::vector<MemberId>, TextHash, std::equal_to<>> processes_;
  Index index_;
  std::unordered_map<std::string, std::size_t> closed_;  ///< how often each closed name is held
  std::unordered_map<std::uint32_t, std::shared_ptr<const Description>> descriptions_;
  std::size_t callback_count_ = 0;
  std::size_t descriptions_to_keep_ = kSpareDescriptors;
  std::uint64_t next_order_ = 0;
};

}  // namespace daffi::node
