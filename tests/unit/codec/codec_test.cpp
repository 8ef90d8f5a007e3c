/// @file  Codec<T> of every type but aggregates: what is refused and how it is said, then round trips.
#include "daffi/codec.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "support/hex.hpp"

namespace daffi {
namespace {

using namespace std::chrono_literals;
using testing::hex;
using testing::unhex;

template <typename T>
std::string encoded(const T& value) {
  Writer writer;
  Codec<T>::write(writer, value);
  return hex(writer.payload());
}

template <typename T>
std::string error_of(std::string_view text) {
  std::vector<std::byte> bytes = unhex(text);
  Reader reader(bytes);
  T value{};
  return Codec<T>::read(reader, value) && reader.expect_end() ? "no error" : reader.error();
}

template <typename T>
T decoded(std::string_view text) {
  std::vector<std::byte> bytes = unhex(text);
  Reader reader(bytes);
  T value{};
  EXPECT_TRUE(Codec<T>::read(reader, value) && reader.expect_end()) << reader.error();
  return value;
}

template <typename T>
T returned(const T& value) {
  return decoded<T>(encoded(value));
}

TEST(CodecRefuses, IntegersOutOfRange) {
  EXPECT_EQ(error_of<std::int8_t>("cc 80"), "128 is out of range for int8");
  EXPECT_EQ(error_of<std::uint8_t>("ff"), "-1 is out of range for uint8");
  EXPECT_EQ(error_of<std::uint16_t>("ce 00010000"), "65536 is out of range for uint16");
  EXPECT_EQ(error_of<std::int64_t>("cf 8000000000000000"), "9223372036854775808 is out of range for int64");
  EXPECT_EQ(error_of<std::uint64_t>("d3 ffffffffffffffff"), "-1 is out of range for uint64");
  EXPECT_EQ(error_of<float>("cb 7fe0000000000000"), "value is out of range for float32");
}

TEST(CodecRefuses, OneKindForAnother) {
  EXPECT_EQ(error_of<int>("cb 3ff0000000000000"), "expected integer, got float");
  EXPECT_EQ(error_of<int>("c3"), "expected integer, got bool");
  EXPECT_EQ(error_of<bool>("01"), "expected bool, got integer");
  EXPECT_EQ(error_of<std::string>("c4 01 61"), "expected str, got bytes");
  EXPECT_EQ(error_of<std::vector<std::byte>>("a1 61"), "expected bytes, got str");
  EXPECT_EQ(error_of<std::vector<int>>("80"), "expected list, got dict");
  EXPECT_EQ((error_of<std::map<int, int>>("90")), "expected dict, got list");
  EXPECT_EQ(error_of<std::monostate>("00"), "expected nil, got integer");
  EXPECT_EQ(error_of<std::chrono::system_clock::time_point>("00"), "expected timestamp, got integer");
  EXPECT_EQ(error_of<std::chrono::seconds>("d6 ff 00000001"), "expected duration, got ext");
}

TEST(CodecRefuses, SizesThatDoNotFit) {
  EXPECT_EQ((error_of<std::array<int, 2>>("91 01")), "expected a list of 2, got one of 1");
  EXPECT_EQ((error_of<std::pair<int, int>>("93 010101")), "expected a list of 2, got one of 3");
  EXPECT_EQ((error_of<std::array<std::byte, 2>>("c4 01 01")), "expected 2 bytes, got 1");
}

TEST(CodecRefuses, DuplicateAndUnusableKeys) {
  EXPECT_EQ((error_of<std::map<std::string, int>>("82 a161 01 a161 02")), "['a']: duplicate key");
  EXPECT_EQ((error_of<std::unordered_map<int, int>>("82 05 01 05 02")), "[1]: duplicate key");
  EXPECT_EQ((error_of<std::map<double, int>>("81 cb 7ff8000000000000 01")), "[0]: not a number as a key");
  EXPECT_EQ((error_of<std::set<double>>("91 cb 7ff8000000000000")), "[0]: not a number in a set");
}

TEST(CodecRefuses, NamingThePathToTheCulprit) {
  using Nested = std::map<std::string, std::vector<std::tuple<int, std::optional<bool>>>>;
  EXPECT_EQ(error_of<Nested>("81 a16b 92 92 01 c0 92 01 a178"), "['k'][1][1]: expected bool, got str");
}

TEST(CodecRefuses, ADepthBeyondTheLimitInAnyContainer) {
  // One level inside max_depth that are open already.
  std::vector<std::byte> bytes = unhex("90");
  Reader reader(bytes);
  for (unsigned i = 0; i < max_depth; ++i) ASSERT_TRUE(reader.enter());
  std::vector<int> list;
  EXPECT_FALSE(Codec<std::vector<int>>::read(reader, list));
  EXPECT_EQ(reader.error(), "nested too deep");
}

TEST(CodecRefuses, TimesThatTheirTypeCannotHold) {
  EXPECT_EQ(error_of<std::chrono::system_clock::time_point>("c7 0c ff 00000000 7fffffffffffffff"),
            "timestamp is out of range");
  EXPECT_EQ(error_of<std::chrono::nanoseconds>("c7 0c 01 00000000 8000000000000000"), "duration is out of range");
  EXPECT_EQ(error_of<std::chrono::nanoseconds>("cf 0fffffffffffffff"), "duration is out of range");
  EXPECT_EQ(error_of<std::chrono::seconds>("cb 7ff0000000000000"), "duration is out of range");
  EXPECT_EQ((error_of<std::chrono::duration<std::int32_t>>("d3 0000000080000000")), "duration is out of range");
}

TEST(CodecRefuses, WhatNoAlternativeTakes) {
  using Either = std::variant<int, std::string>;
  EXPECT_EQ(error_of<Either>("c3"), "expected int | str, got bool");
  EXPECT_EQ(error_of<std::vector<Either>>("92 01 c0"), "[1]: expected int | str, got nil");
}

struct Tree;
using Branch = std::variant<std::monostate, std::vector<Tree>, std::list<Tree>>;
struct Tree {
  Branch branch;
};

TEST(CodecRefuses, VariantsWhoseTrialsWouldGrowExponentially) {
  // Each level has two alternatives that fail only at the innermost one.
  std::string bytes;
  for (int i = 0; i < 60; ++i) bytes += "91 81 a6 6272616e6368 ";
  EXPECT_EQ(error_of<Tree>(bytes.substr(3) + "05").substr(0, 8), "branch: ");
}

TEST(Codec, CarriesNumbersWhole) {
  for (std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN, INT64_MAX})
    EXPECT_EQ(returned(value), value);
  EXPECT_EQ(returned(UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(returned(0.1f), 0.1f);
  EXPECT_EQ(returned(0.1), 0.1);
  EXPECT_TRUE(std::isnan(returned(std::nan(""))));
  EXPECT_EQ(returned(-INFINITY), -INFINITY);
  EXPECT_EQ(decoded<double>("05"), 5.0);
  EXPECT_EQ(encoded(true), "c3");
}

enum class Colour : std::uint8_t { red = 1, green = 200 };

TEST(Codec, CarriesEnumerationsAsTheirNumber) {
  EXPECT_EQ(encoded(Colour::green), "ccc8");
  EXPECT_EQ(static_cast<int>(decoded<Colour>("07")), 7);
  EXPECT_EQ(error_of<Colour>("cd 0100"), "256 is out of range for uint8");
}

TEST(Codec, CarriesTextAndBytes) {
  EXPECT_EQ(encoded("abc"), "a3616263");
  EXPECT_EQ(returned(std::string(70'000, 'x')), std::string(70'000, 'x'));
  EXPECT_EQ(encoded(std::vector<std::uint8_t>{1, 2}), "c4020102");
  EXPECT_EQ((returned(std::array<unsigned char, 3>{1, 2, 3})), (std::array<unsigned char, 3>{1, 2, 3}));
  std::vector<std::byte> bytes(70'000, std::byte{7});
  EXPECT_EQ(returned(bytes), bytes);
  EXPECT_EQ(encoded(std::span<const std::byte>(bytes).first(1)), "c40107");
}

TEST(Codec, CarriesContainers) {
  EXPECT_EQ(returned(std::vector<bool>{true, false}), (std::vector<bool>{true, false}));
  EXPECT_EQ(returned(std::deque<std::string>{"a", "b"}), (std::deque<std::string>{"a", "b"}));
  EXPECT_EQ(returned(std::list<int>{1, 2}), (std::list<int>{1, 2}));
  EXPECT_EQ(returned(std::array<int, 2>{4, 5}), (std::array<int, 2>{4, 5}));
  EXPECT_EQ(returned(std::set<int>{3, 1}), (std::set<int>{1, 3}));
  EXPECT_EQ(returned(std::unordered_set<std::string>{"x"}), (std::unordered_set<std::string>{"x"}));
  EXPECT_EQ((returned(std::map<std::string, double>{{"a", 1}})), (std::map<std::string, double>{{"a", 1}}));
  EXPECT_EQ((returned(std::unordered_map<int, int>{{1, 2}})), (std::unordered_map<int, int>{{1, 2}}));
  EXPECT_EQ(returned(std::vector<int>(100'000, 5)), std::vector<int>(100'000, 5));
}

TEST(Codec, CarriesTuplesAndOptionals) {
  using Mixed = std::tuple<int, std::string, std::pair<bool, double>>;
  EXPECT_EQ(returned(Mixed(1, "x", {true, 2})), Mixed(1, "x", {true, 2}));
  EXPECT_EQ(encoded(std::tuple<>{}), "90");
  EXPECT_EQ(returned(std::optional<int>(5)), 5);
  EXPECT_EQ(returned(std::optional<int>()), std::nullopt);
  EXPECT_EQ(encoded(std::monostate{}), "c0");
}

TEST(Codec, AVariantTakesTheExactAlternativeWhateverTheOrder) {
  using Number = std::variant<double, int, std::string>;
  EXPECT_EQ(returned(Number(5)), Number(5));
  EXPECT_EQ(returned(Number(5.0)), Number(5.0));
  EXPECT_EQ(returned(Number("x")), Number("x"));
  using Inexact = std::variant<std::string, double>;
  EXPECT_EQ(decoded<Inexact>("05"), Inexact(5.0));
  using Lists = std::vector<std::variant<std::vector<double>, std::vector<int>, std::monostate>>;
  EXPECT_EQ(returned(Lists{std::vector<int>{1}, std::vector<double>{1}, std::monostate{}}),
            (Lists{std::vector<int>{1}, std::vector<double>{1}, std::monostate{}}));
}

TEST(Codec, CarriesMomentsAndDurations) {
  using Clock = std::chrono::system_clock;
  for (auto time :
       {Clock::time_point(), Clock::time_point(1700000000s), Clock::time_point(-1500ms), Clock::time_point(1ns)}) {
    EXPECT_EQ(returned(time), time);
  }
  EXPECT_EQ(encoded(std::chrono::sys_days(std::chrono::days(1))), "d6ff00015180");
  EXPECT_EQ(returned(std::chrono::nanoseconds(-1)), -1ns);
  EXPECT_EQ(returned(1500ms), 1500ms);
  EXPECT_EQ(returned(std::chrono::duration<double>(2.5)).count(), 2.5);
  EXPECT_EQ(returned(std::chrono::hours(-7)), std::chrono::hours(-7));
  EXPECT_EQ(encoded(std::chrono::seconds(1)), "d60100000001");
  EXPECT_EQ(decoded<std::chrono::milliseconds>("05"), 5s);
  EXPECT_EQ(decoded<std::chrono::milliseconds>("cb bff8000000000000"), -1500ms);
}

TEST(Codec, NamesTypesTheSameInEveryLanguage) {
  EXPECT_EQ(type_name<const std::string&>(), "str");
  EXPECT_EQ(type_name<void>(), "None");
  EXPECT_EQ((type_name<std::map<std::string, std::vector<std::uint8_t>>>()), "dict[str, bytes]");
  EXPECT_EQ((type_name<std::tuple<int, float, bool>>()), "tuple[int, float, bool]");
  EXPECT_EQ((type_name<std::optional<std::set<int>>>()), "optional[set[int]]");
  EXPECT_EQ((type_name<std::variant<std::monostate, int>>()), "None | int");
  EXPECT_EQ(type_name<std::chrono::system_clock::time_point>(), "datetime");
  EXPECT_EQ(type_name<std::chrono::minutes>(), "timedelta");
}

class Percent {
 public:
  int value = 0;
  Percent() = default;
  explicit Percent(int v) : value(v) {}
};

}  // namespace

template <>
struct Codec<Percent> {
  static void write(Writer& writer, const Percent& percent) { writer.integer(percent.value); }
  static bool read(Reader& reader, Percent& percent) {
    if (!Codec<int>::read(reader, percent.value)) return false;
    return (percent.value >= 0 && percent.value <= 100) || reader.fail("no percentage");
  }
  static std::string type_name() { return "Percent"; }
};

namespace {

TEST(Codec, CanBeSpecialised) {
  EXPECT_EQ(encoded(std::vector<Percent>{Percent(50)}), "9132");
  EXPECT_EQ(error_of<std::vector<Percent>>("91 65"), "[0]: no percentage");
  EXPECT_EQ(type_name<std::vector<Percent>>(), "list[Percent]");
}

}  // namespace
}  // namespace daffi
