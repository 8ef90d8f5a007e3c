/// @file  Reading and writing what is said about scheduled tasks.
#include "rpc/schedule_messages.hpp"

#include <algorithm>
#include <utility>

#include "wire/limits.hpp"

namespace daffi::rpc {
namespace {

base::Failure bad_times(const std::string& what) {
  return base::fail(ErrorCode::invalid_modifier, "a scheduled task " + what);
}

// Why these times are none, or nothing.
std::optional<base::Failure> check_times(const std::vector<std::int64_t>& at, std::int64_t interval) {
  if (at.empty() == (interval == 0)) return bad_times("needs moments or an interval, and not both");
  if (at.size() > kMaxMoments) {
    return bad_times("may have " + std::to_string(kMaxMoments) + " moments, not " + std::to_string(at.size()));
  }
  if (std::ranges::any_of(at, [](std::int64_t moment) { return moment <= 0; })) {
    return bad_times("cannot have a moment before 1970");
  }
  if (interval != 0 && (interval < kMinInterval.count() || interval > kMaxInterval.count())) {
    return bad_times("needs an interval from a millisecond to a hundred years");
  }
  return std::nullopt;
}

base::Failure malformed(const Reader& reader) {
  return base::fail(ErrorCode::malformed, "no description of a scheduled task: " + reader.error());
}

template <typename T>
std::vector<std::byte> encode_value(const T& value) {
  Writer writer;
  Codec<T>::write(writer, value);
  const auto bytes = writer.payload();
  return {bytes.begin(), bytes.end()};
}

template <typename T>
base::Result<T> decode_value(base::Bytes bytes) {
  Reader reader(bytes);
  T value{};
  if (!Codec<T>::read(reader, value) || !reader.expect_end()) return malformed(reader);
  return value;
}

}  // namespace

void write_schedule_request(Writer& writer, const ScheduleRequest& request, base::Bytes arguments) {
  Codec<ScheduleRequest>::write(writer, request);
  writer.raw(arguments);
}

base::Result<ReceivedRequest> read_schedule_request(Reader& reader) {
  ReceivedRequest received;
  base::Bytes positional, keywords;
  if (!Codec<ScheduleRequest>::read(reader, received.request)) return malformed(reader);
  if (reader.peek() != Kind::array) reader.fail("expected a list of arguments");
  if (!reader.ok() || !reader.read_raw(positional)) return malformed(reader);
  if (reader.peek() != Kind::map) reader.fail("expected a map of keyword arguments");
  if (!reader.ok() || !reader.read_raw(keywords) || !reader.expect_end()) return malformed(reader);
  // One stands behind the other.
  received.arguments = {positional.data(), positional.size() + keywords.size()};
  const std::size_t name = received.request.callback.size();
  if (name == 0 || name > wire::kMaxCallbackName) {
    return base::fail(ErrorCode::malformed, "a scheduled task's callback has no name, or too long a one");
  }
  if (auto failure = check_times(received.request.at, received.request.interval)) return std::move(*failure);
  return received;
}

std::vector<std::byte> encode_record(const TaskRecord& record) { return encode_value(record); }
std::vector<std::byte> encode_progress(const TaskProgress& progress) { return encode_value(progress); }

base::Result<TaskRecord> decode_record(base::Bytes bytes) {
  auto record = decode_value<TaskRecord>(bytes);
  if (!record.ok()) return record;
  if (auto failure = check_times(record->at, record->interval)) return std::move(*failure);
  if (!std::ranges::is_sorted(record->at) ||
      record->identity_kind > static_cast<std::uint8_t>(wire::Identity::Kind::certificate)) {
    return base::fail(ErrorCode::malformed, "no description of a scheduled task: its fields do not fit together");
  }
  return record;
}

base::Result<TaskProgress> decode_progress(base::Bytes bytes) { return decode_value<TaskProgress>(bytes); }

}  // namespace daffi::rpc
