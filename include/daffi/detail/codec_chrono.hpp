/// @file  Codecs of wall-clock moments and durations.
#pragma once

#include <chrono>

#include "daffi/detail/codec_base.hpp"

namespace daffi::inline v1 {

namespace detail {

/// Seconds and nanoseconds (never negative) as a count of D's periods; false when D cannot hold it. What is finer than
/// D is cut off.
template <typename D>
bool from_moment(Timestamp moment, D& value) {
  using Rep = typename D::rep;
  auto periods = static_cast<long double>(moment.seconds) * D::period::den / D::period::num;
  // A margin of one second's worth, so that adding the nanoseconds cannot overflow either.
  auto margin = static_cast<long double>(D::period::den) / D::period::num + 1;
  if (periods > static_cast<long double>(std::numeric_limits<Rep>::max()) - margin) return false;
  if (periods < static_cast<long double>(std::numeric_limits<Rep>::lowest()) + margin) return false;
  value = std::chrono::duration_cast<D>(std::chrono::duration<std::int64_t>(moment.seconds)) +
          std::chrono::duration_cast<D>(std::chrono::duration<std::int64_t, std::nano>(moment.nanoseconds));
  return true;
}

/// The inverse; D must be within the range of 64-bit seconds.
template <typename D>
Timestamp to_moment(D value) {
  auto seconds = std::chrono::floor<std::chrono::duration<std::int64_t>>(value);
  auto rest = std::chrono::duration_cast<std::chrono::duration<std::int64_t, std::nano>>(value - seconds);
  return {seconds.count(), static_cast<std::uint32_t>(rest.count())};
}

}  // namespace detail

/// MessagePack's own timestamp.
template <typename D>
struct Codec<std::chrono::time_point<std::chrono::system_clock, D>> {
  using Time = std::chrono::time_point<std::chrono::system_clock, D>;
  static void write(Writer& writer, const Time& value) {
    writer.timestamp(detail::to_moment(value.time_since_epoch()));
  }
  static bool read(Reader& reader, Time& value) {
    Timestamp moment;
    D since{};
    if (!reader.read_timestamp(moment)) return false;
    if (!detail::from_moment(moment, since)) return reader.fail("timestamp is out of range");
    value = Time(since);
    return true;
  }
  static std::string type_name() { return "datetime"; }
};

/// An extension of daffi's (spec/values.md); a plain number of seconds is taken too.
template <typename Rep, typename Period>
struct Codec<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;
  static void write(Writer& writer, const Duration& value) { writer.duration(detail::to_moment(value)); }
  static bool read(Reader& reader, Duration& value) {
    Timestamp length;
    if (!reader.read_duration(length)) return false;
    return detail::from_moment(length, value) || reader.fail("duration is out of range");
  }
  static std::string type_name() { return "timedelta"; }
};

template <>
struct Codec<Timestamp> {
  static void write(Writer& writer, const Timestamp& value) { writer.timestamp(value); }
  static bool read(Reader& reader, Timestamp& value) { return reader.read_timestamp(value); }
  static std::string type_name() { return "datetime"; }
};

}  // namespace daffi::inline v1
