/// @file  The messages that carry the directory: snapshot, delta, describe.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/close_reason.hpp"
#include "wire/descriptor.hpp"
#include "wire/frame_kind.hpp"
#include "wire/handshake_messages.hpp"

namespace daffi::wire {

/// A callback in the directory. Value.
struct CallbackEntry {
  static constexpr std::uint32_t kClosed = 0;  ///< as descriptor: the receiver may not call it; `name` is closed_name()

  std::uint32_t callback_id = 0;
  std::uint32_t descriptor_id = 0;
  std::string name{};

  bool operator==(const CallbackEntry&) const = default;
};

/// An observer only calls and looks: its name is known, so that a callee can tell who called and that it is gone, but
/// it is not listed and holds nothing.
enum class MemberState : std::uint8_t { present = 0, suspended = 1, observer = 2 };

/// A member in the directory. Value.
struct MemberEntry {
  std::uint32_t member_id = 0;
  MemberState state = MemberState::present;
  bool draining = false;
  std::uint32_t times_lost = 0;  ///< suspensions so far: who is shown no change between two snapshots sees them by this
  Identity identity{};
  std::string process_name{};
  std::string language{};
  std::vector<CallbackEntry> callbacks{};  ///< in order of registration

  bool operator==(const MemberEntry&) const = default;
};

/// One part of the whole directory as it was after change `sequence`. Parts come in order; a member too large for one
/// part goes on in the next ones, under the same id, with its further callbacks. Value.
struct Snapshot {
  static constexpr FrameKind kKind = FrameKind::snapshot;

  std::uint64_t sequence = 0;
  std::uint32_t part = 0;
  std::uint32_t parts = 1;
  std::vector<Descriptor> descriptors{};  ///< every one that this part is the first to use
  std::vector<MemberEntry> members{};

  bool operator==(const Snapshot&) const = default;
};

struct MemberJoined {
  MemberEntry member{};
  bool operator==(const MemberJoined&) const = default;
};
struct MemberLeft {
  std::uint32_t member_id = 0;
  base::CloseReason reason = base::CloseReason::goodbye;
  bool operator==(const MemberLeft&) const = default;
};
struct MemberSuspended {
  std::uint32_t member_id = 0;
  bool operator==(const MemberSuspended&) const = default;
};
/// Back within its grace time: the entry replaces what was known.
struct MemberResumed {
  MemberEntry member{};
  bool operator==(const MemberResumed&) const = default;
};
struct CallbacksAdded {
  std::uint32_t member_id = 0;
  std::vector<CallbackEntry> callbacks{};
  bool operator==(const CallbacksAdded&) const = default;
};
struct CallbacksRemoved {
  std::uint32_t member_id = 0;
  std::vector<std::uint32_t> callback_ids{};
  bool operator==(const CallbacksRemoved&) const = default;
};
struct MemberDraining {
  std::uint32_t member_id = 0;
  bool operator==(const MemberDraining&) const = default;
};

/// On the wire behind its index in this list, counted from 1. New ones go at the end.
using Change = std::variant<MemberJoined, MemberLeft, MemberSuspended, MemberResumed, CallbacksAdded, CallbacksRemoved,
                            MemberDraining>;

/// Changes of the directory, numbered from `first_sequence` on. Value.
struct Delta {
  static constexpr FrameKind kKind = FrameKind::delta;
  static constexpr std::uint8_t kMore = 1;  ///< becomes visible together with the next delta frame

  std::uint64_t first_sequence = 0;
  std::uint8_t flags = 0;
  std::vector<Descriptor> descriptors{};  ///< every one that these changes are the first to use
  std::vector<Change> changes{};

  bool operator==(const Delta&) const = default;
};

/// Asks for documentation texts; at most kMaxDescribed. Value.
struct Describe {
  static constexpr FrameKind kKind = FrameKind::describe;
  struct Item {
    std::uint32_t member_id = 0;
    std::uint32_t callback_id = 0;
    bool operator==(const Item&) const = default;
  };

  std::vector<Item> items{};

  bool operator==(const Describe&) const = default;
};

/// Answers a describe under its id, item by item; what is unknown by now has no text. Value.
struct Described {
  static constexpr FrameKind kKind = FrameKind::described;
  struct Item {
    std::uint32_t member_id = 0;
    std::uint32_t callback_id = 0;
    std::string doc{};
    bool operator==(const Item&) const = default;
  };

  std::vector<Item> items{};

  bool operator==(const Described&) const = default;
};

}  // namespace daffi::wire
