/// @file  Moments: points in time as PERIOD takes them: of the system clock, or as seconds since 1970.
#pragma once

#include <chrono>
#include <concepts>
#include <initializer_list>
#include <type_traits>
#include <vector>

#include "daffi/export.hpp"

namespace daffi::inline v1 {

/// A point in time, UTC: of the system clock, or as seconds since 1970 (fractions allowed). Value. Threads: any.
class Moment {
 public:
  template <typename D>
  Moment(std::chrono::time_point<std::chrono::system_clock, D> at)
      : Moment(std::chrono::duration<long double>(at.time_since_epoch()).count(),
               std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch())) {}
  template <typename Number>
    requires(std::is_arithmetic_v<Number> && !std::same_as<Number, bool>)
  Moment(Number seconds) : since_(from_seconds(static_cast<long double>(seconds))) {}

  /// Since 1970, UTC.
  [[nodiscard]] std::chrono::nanoseconds nanoseconds() const { return since_; }

 private:
  // The exact value, unless it is beyond what nanoseconds can say.
  Moment(long double seconds, std::chrono::nanoseconds exact)
      : since_(seconds > -9.2e9L && seconds < 9.2e9L ? exact : from_seconds(seconds)) {}
  DAFFI_API static std::chrono::nanoseconds from_seconds(long double seconds);

  std::chrono::nanoseconds since_;
};

/// One moment, or a list of them in any order: `now + 2s`, `{now + 2s, now + 10s}`, a vector. Value. Threads: any.
class Moments {
 public:
  Moments() = default;
  template <typename T>
    requires(std::convertible_to<const T&, Moment> && !std::same_as<T, Moments>)
  Moments(const T& moment) : list_{Moment(moment).nanoseconds()} {}
  Moments(std::initializer_list<Moment> moments) {
    for (const Moment& moment : moments) list_.push_back(moment.nanoseconds());
  }
  template <typename List>
    requires(!std::same_as<List, Moments> && std::convertible_to<const typename List::value_type&, Moment> &&
             requires(const List& list) { list.begin() != list.end(); })
  Moments(const List& moments) {
    for (const auto& moment : moments) list_.push_back(Moment(moment).nanoseconds());
  }

  /// Since 1970, UTC; in the order in which they were given.
  [[nodiscard]] const std::vector<std::chrono::nanoseconds>& list() const { return list_; }
  [[nodiscard]] bool empty() const { return list_.empty(); }
  bool operator==(const Moments&) const = default;

 private:
  std::vector<std::chrono::nanoseconds> list_;
};

}  // namespace daffi::inline v1
