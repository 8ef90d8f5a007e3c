/// @file  What is said about scheduled tasks: asking for one, listing them, and how one is written down.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "daffi/codec.hpp"
#include "wire/handshake_messages.hpp"

namespace daffi::rpc {

/// Most moments of one task.
inline constexpr std::size_t kMaxMoments = 1000;
/// Shortest and longest time between two runs.
inline constexpr base::Duration kMinInterval = std::chrono::milliseconds(1);
inline constexpr base::Duration kMaxInterval = std::chrono::hours(24 * 365 * 100);
/// Tasks in one answer to a list request; even the longest names leave that within a frame.
inline constexpr std::size_t kTasksPerPage = 200;

/// Asks a process to call one of its callbacks again and again, or at given moments. Exactly one of `at` and `interval`
/// says when. The arguments of those calls follow it. Value.
struct ScheduleRequest {
  std::string callback;
  std::vector<std::int64_t> at = {};  ///< nanoseconds since 1970, UTC
  std::int64_t interval = 0;          ///< nanoseconds

  bool operator==(const ScheduleRequest&) const = default;
};

/// The task was accepted. Value.
struct Scheduled {
  std::string uuid;
  std::string process;  ///< that runs it
};

/// One task as others see it. Value.
struct TaskEntry {
  std::string uuid, callback, scheduler;
  std::int64_t interval = 0;    ///< nanoseconds; 0: at given moments
  std::uint64_t remaining = 0;  ///< of these, still to come
  std::uint64_t runs = 0, skipped = 0;

  bool operator==(const TaskEntry&) const = default;
};

/// Tasks in the order of their ids, from the one behind the id that was asked for. Value.
struct TaskPage {
  std::vector<TaskEntry> tasks;
  bool more = false;  ///< ask again, behind the last one
};

/// A request, with the arguments as a call carries them. Value; `arguments` refers to what was read.
struct ReceivedRequest {
  ScheduleRequest request;
  base::Bytes arguments;
};

void write_schedule_request(Writer& writer, const ScheduleRequest& request, base::Bytes arguments);
/// Failure: malformed; invalid_modifier when the times are not what they may be.
base::Result<ReceivedRequest> read_schedule_request(Reader& reader);

/// A task as it is kept on disk: what was asked for, by whom, and when that was accepted. Value.
struct TaskRecord {
  std::string uuid;
  std::string callback;
  std::vector<std::int64_t> at = {};  ///< in ascending order
  std::int64_t interval = 0;
  std::int64_t anchor = 0;  ///< when it was accepted, nanoseconds since 1970: intervals count from here
  std::string scheduler;    ///< process name
  std::uint8_t identity_kind = 0;
  std::uint32_t identity_uid = wire::Identity::kNoUid;
  std::string identity_text = {};
  std::string identity_certificate = {}, identity_role = {};
  std::vector<std::byte> arguments = {};

  wire::Identity identity() const {
    return {.kind = static_cast<wire::Identity::Kind>(identity_kind),
            .uid = identity_uid,
            .text = identity_text,
            .certificate = identity_certificate,
            .role = identity_role};
  }
  bool operator==(const TaskRecord&) const = default;
};

/// How far it has come. Value.
struct TaskProgress {
  std::uint32_t started = 0;  ///< of the record's moments
  std::uint64_t runs = 0, skipped = 0;

  bool operator==(const TaskProgress&) const = default;
};

std::vector<std::byte> encode_record(const TaskRecord& record);
std::vector<std::byte> encode_progress(const TaskProgress& progress);
/// Failure: malformed.
base::Result<TaskRecord> decode_record(base::Bytes bytes);
base::Result<TaskProgress> decode_progress(base::Bytes bytes);

}  // namespace daffi::rpc
