/// @file  The duration grammar.
#include "base/duration_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>

namespace daffi::base {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

constexpr std::array kUnits = std::to_array<Unit>({
    {"d", kDay},
    {"day", kDay},
    {"days", kDay},
    {"h", kHour},
    {"hr", kHour},
    {"hrs", kHour},
    {"hour", kHour},
    {"hours", kHour},
    {"m", kMinute},
    {"min", kMinute},
    {"mins", kMinute},
    {"minute", kMinute},
    {"minutes", kMinute},
    {"s", kSecond},
    {"sec", kSecond},
    {"secs", kSecond},
    {"second", kSecond},
    {"seconds", kSecond},
    {"ms", 1'000'000},
    {"msec", 1'000'000},
    {"msecs", 1'000'000},
    {"millisecond", 1'000'000},
    {"milliseconds", 1'000'000},
    {"us", 1'000},
    {"\u00b5s", 1'000},
    {"\u03bcs", 1'000},
    {"usec", 1'000},
    {"usecs", 1'000},
    {"microsecond", 1'000},
    {"microseconds", 1'000},
    {"ns", 1},
    {"nsec", 1},
    {"nsecs", 1},
    {"nanosecond", 1},
    {"nanoseconds", 1},
});

constexpr std::string_view kGrammar =
    "expected a number of seconds, or numbers with units, the largest first, such as '5s', '1m24s', '1.2 minutes', "
    "'1 h 30 m' (days, hours, minutes, seconds, milliseconds, microseconds, nanoseconds, or d h m s ms us ns)";

using Wide = __int128;
constexpr Wide kLongest = std::numeric_limits<Duration::rep>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

// A decimal number as whole + fraction / scale. Digits after the eighteenth of the fraction are far below a nanosecond
// of any unit, and are ignored.
struct Number {
  Wide whole = 0;
  Wide fraction = 0;
  Wide scale = 1;

  // In nanoseconds, rounded down. Cannot overflow: whole <= kLongest, fraction < 10^18, unit < 10^14.
  Wide times(std::int64_t unit) const { return whole * unit + fraction * unit / scale; }
};

std::optional<Number> take_number(std::string_view& text) {
  Number number;
  bool any = false;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), any = true) {
    number.whole = std::min(number.whole * 10 + (text.front() - '0'), kLongest);
  }
  if (text.empty() || text.front() != '.') return any ? std::optional(number) : std::nullopt;
  text.remove_prefix(1);
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), any = true) {
    if (number.scale >= Wide{1'000'000'000'000'000'000}) continue;
    number.fraction = number.fraction * 10 + (text.front() - '0');
    number.scale *= 10;
  }
  return any ? std::optional(number) : std::nullopt;
}

// The unit at the front of the text, in nanoseconds.
std::optional<std::int64_t> take_unit(std::string_view& text) {
  const auto* end = std::ranges::find_if(text, [](char c) { return is_digit(c) || is_blank(c) || c == '.'; });
  std::string name(text.begin(), end);
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto* unit = std::ranges::find(kUnits, name, &Unit::name);
  if (unit == kUnits.end()) return std::nullopt;
  text.remove_prefix(name.size());
  return unit->nanoseconds;
}

std::optional<Duration> parse(std::string_view text) {
  skip_blanks(text);
  if (text.empty()) return std::nullopt;
  Wide total = 0;
  std::int64_t last_unit = std::numeric_limits<std::int64_t>::max();
  bool first = true;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    skip_blanks(text);
    const bool bare = text.empty();
    if (bare && !first) return std::nullopt;
    const auto unit = bare ? kSecond : take_unit(text);
    if (!unit || *unit >= last_unit) return std::nullopt;
    total += number->times(*unit);
    if (total > kLongest) return std::nullopt;
    last_unit = *unit;
    first = false;
    skip_blanks(text);
  }
  return Duration(static_cast<Duration::rep>(total));
}

// "1.5" and "s" for 1.5 s: the count of a unit with its fraction, without trailing zeros.
void append_decimal(std::string& out, std::int64_t nanoseconds, std::int64_t unit, std::string_view name) {
  out += std::to_string(nanoseconds / unit);
  if (const std::int64_t rest = nanoseconds % unit; rest != 0) {
    std::string fraction = std::to_string(unit + rest).substr(1);  // the leading 1 keeps the zeros of the fraction
    fraction.erase(fraction.find_last_not_of('0') + 1);
    out += "." + fraction;
  }
  out += name;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (const auto duration = parse(text)) return *duration;
  constexpr std::size_t kShown = 80;
  std::string shown(text.substr(0, kShown));
  if (text.size() > kShown) shown += "...";
  return fail(ErrorCode::invalid_modifier, "'" + shown + "' is not a duration: " + std::string(kGrammar));
}

std::string format_duration(Duration duration) {
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  if (left == std::numeric_limits<std::int64_t>::min()) ++left;  // has no positive counterpart
  std::string out;
  if (left < 0) {
    out = "-";
    left = -left;
  }
  if (left < 1'000) {
    append_decimal(out, left, 1, "ns");
  } else if (left < 1'000'000) {
    append_decimal(out, left, 1'000, "us");
  } else if (left < kSecond) {
    append_decimal(out, left, 1'000'000, "ms");
  } else {
    for (const Unit& unit : {Unit{"d", kDay}, Unit{"h", kHour}, Unit{"m", kMinute}}) {
      if (left >= unit.nanoseconds) append_decimal(out, left - left % unit.nanoseconds, unit.nanoseconds, unit.name);
      left %= unit.nanoseconds;
    }
    if (left > 0) append_decimal(out, left, kSecond, "s");
  }
  return out;
}

}  // namespace daffi::base
