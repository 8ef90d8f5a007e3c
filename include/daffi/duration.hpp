/// @file  Duration: a span of time as a modifier or option takes it: chrono, a number of seconds, or text.
#pragma once

#include <chrono>
#include <concepts>
#include <string_view>
#include <type_traits>

#include "daffi/export.hpp"

namespace daffi::inline v1 {

/// Made from any chrono duration, from a number of seconds (fractions allowed), or from text such as "5s", "1m24s",
/// "1.2 minutes", "90". Zero, the default, means "none". Text that is no duration, and spans beyond 292 years, throw
/// GlobalContextError (invalid_modifier); a negative span is refused by whoever uses it, naming the argument.
/// Value. Threads: any.
class Duration {
 public:
  constexpr Duration() = default;
  template <typename Rep, typename Period>
  constexpr Duration(std::chrono::duration<Rep, Period> span)
      : span_(fits(std::chrono::duration<long double>(span).count())
                  ? std::chrono::duration_cast<std::chrono::nanoseconds>(span)
                  : from_seconds(0, true)) {}
  template <typename Number>
    requires(std::is_arithmetic_v<Number> && !std::same_as<Number, bool>)
  constexpr Duration(Number seconds)
      : span_(from_seconds(static_cast<long double>(seconds), !fits(static_cast<long double>(seconds)))) {}
  DAFFI_API Duration(std::string_view text);
  Duration(const char* text) : Duration(std::string_view(text)) {}
  template <typename Text>
    requires(std::convertible_to<const Text&, std::string_view> && std::is_class_v<Text> &&
             !std::same_as<Text, std::string_view>)
  Duration(const Text& text) : Duration(std::string_view(text)) {}

  [[nodiscard]] constexpr std::chrono::nanoseconds nanoseconds() const { return span_; }
  /// True when there is none.
  [[nodiscard]] constexpr bool is_zero() const { return span_.count() == 0; }
  [[nodiscard]] constexpr bool is_negative() const { return span_.count() < 0; }

  constexpr bool operator==(const Duration&) const = default;

 private:
  static constexpr bool fits(long double seconds) { return seconds > -9.2e9L && seconds < 9.2e9L; }
  static constexpr std::chrono::nanoseconds from_seconds(long double seconds, bool too_large) {
    if (too_large) refuse_too_large();
    return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(seconds * 1e9L));
  }
  [[noreturn]] DAFFI_API static void refuse_too_large();

  std::chrono::nanoseconds span_{0};
};

}  // namespace daffi::inline v1
