/// @file  Reader: hostile bytes first, then what it makes of good ones, and how it names what is wrong.
#include "daffi/reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "support/hex.hpp"

namespace daffi {
namespace {

using testing::unhex;

std::vector<std::byte> sample() {
  Writer writer;
  writer.array(8);
  writer.nil();
  writer.integer(-70000);
  writer.real(1.5);
  writer.text(std::string(300, 'x'));
  writer.binary(unhex("00ff"));
  writer.map(1);
  writer.text("key");
  writer.boolean(true);
  writer.ext(50, unhex("010203"));
  writer.timestamp({-5, 7});
  auto payload = writer.payload();
  return {payload.begin(), payload.end()};
}

TEST(ReaderHostile, EveryTruncationIsAnErrorAndNothingElse) {
  std::vector<std::byte> bytes = sample();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    Reader reader(cut);
    EXPECT_FALSE(reader.skip()) << size;
    EXPECT_TRUE(reader.malformed()) << size;
    EXPECT_EQ(reader.error(), "unexpected end of data") << size;
  }
  Reader whole(bytes);
  EXPECT_TRUE(whole.skip());
  EXPECT_TRUE(whole.expect_end());
}

TEST(ReaderHostile, CountsLargerThanWhatIsLeftAreRefusedAtOnce) {
  for (const char* text : {"dd ffffffff", "dc ffff 00", "9f 00", "df ffffffff 0000", "de 0002 c0c0c0", "82 c0c0c0",
                           "db ffffffff 61", "c6 ffffffff 00", "c9 ffffffff 05 00", "d9 02 61", "a2 61"}) {
    std::vector<std::byte> bytes = unhex(text);
    Reader reader(bytes);
    std::size_t count;
    std::string_view view;
    std::span<const std::byte> binary;
    std::int8_t type;
    switch (reader.peek()) {
      case Kind::array:
        EXPECT_FALSE(reader.read_array(count)) << text;
        break;
      case Kind::map:
        EXPECT_FALSE(reader.read_map(count)) << text;
        break;
      case Kind::text:
        EXPECT_FALSE(reader.read_text(view)) << text;
        break;
      case Kind::binary:
        EXPECT_FALSE(reader.read_binary(binary)) << text;
        break;
      default:
        EXPECT_FALSE(reader.read_ext(type, binary)) << text;
    }
    EXPECT_EQ(reader.error(), "unexpected end of data") << text;
  }
}

TEST(ReaderHostile, TenThousandLevelsAreRefusedWithoutRecursion) {
  std::vector<std::byte> bytes(10'000, std::byte{0x91});
  bytes.push_back(std::byte{0xc0});
  Reader reader(bytes);
  EXPECT_FALSE(reader.skip());
  EXPECT_EQ(reader.error(), "nested too deep");
}

TEST(ReaderHostile, DepthIsCountedAlikeInSkipAndEnter) {
  for (unsigned depth : {max_depth, max_depth + 1}) {
    std::vector<std::byte> bytes(depth - 1, std::byte{0x91});
    bytes.push_back(std::byte{0x90});
    Reader skipping(bytes);
    Reader entering(bytes);
    bool entered = true;
    for (unsigned i = 0; i < depth && entered; ++i) {
      std::size_t count;
      entered = entering.read_array(count) && entering.enter();
    }
    EXPECT_EQ(skipping.skip(), depth == max_depth);
    EXPECT_EQ(entered, depth == max_depth);
  }
}

TEST(ReaderHostile, TheUnusedByteIsMalformed) {
  std::vector<std::byte> bytes = unhex("c1");
  Reader reader(bytes);
  EXPECT_FALSE(reader.skip());
  EXPECT_TRUE(reader.malformed());
}

TEST(ReaderHostile, TextThatIsNotUtf8IsMalformed) {
  std::vector<std::byte> bytes = unhex("a2 c328");
  Reader reader(bytes);
  std::string_view text;
  EXPECT_FALSE(reader.read_text(text));
  EXPECT_EQ(reader.error(), "str is not valid UTF-8");
}

TEST(ReaderHostile, ATimestampOfAnOddLengthOrTooManyNanosecondsIsMalformed) {
  for (const char* text : {"c7 05 ff 0000000000", "d7 ff ffffffffffffffff", "c7 0c ff ffffffff 0000000000000000"}) {
    std::vector<std::byte> bytes = unhex(text);
    Reader reader(bytes);
    Timestamp time;
    EXPECT_FALSE(reader.read_timestamp(time)) << text;
    EXPECT_TRUE(reader.malformed()) << text;
  }
}

TEST(ReaderErrors, TheFirstOneSticksAndStopsEverything) {
  std::vector<std::byte> bytes = unhex("01 02 03");
  Reader reader(bytes);
  std::string_view text;
  std::int64_t number = 0;
  EXPECT_FALSE(reader.read_text(text));
  EXPECT_FALSE(reader.read_integer(number));
  EXPECT_FALSE(reader.skip());
  EXPECT_FALSE(reader.expect_end());
  EXPECT_EQ(reader.error(), "expected str, got integer");
  EXPECT_FALSE(reader.malformed());
}

TEST(ReaderErrors, IntegersOutOfRangeAreNamedNeverWrapped) {
  std::vector<std::byte> large = unhex("cf ffffffffffffffff");
  Reader as_signed(large);
  std::int64_t number;
  EXPECT_FALSE(as_signed.read_integer(number));
  EXPECT_EQ(as_signed.error(), "18446744073709551615 is out of range for int64");
  std::vector<std::byte> negative = unhex("ff");
  Reader as_unsigned(negative);
  std::uint64_t natural;
  EXPECT_FALSE(as_unsigned.read_unsigned(natural));
  EXPECT_EQ(as_unsigned.error(), "-1 is out of range for uint64");
}

TEST(ReaderErrors, ABoolIsNoIntegerAndAFloatIsNone) {
  for (const char* text : {"c3", "ca 3f800000", "cb 3ff0000000000000"}) {
    std::vector<std::byte> bytes = unhex(text);
    Reader reader(bytes);
    std::int64_t number;
    EXPECT_FALSE(reader.read_integer(number)) << text;
  }
}

TEST(ReaderErrors, DataAfterTheValueIsSeen) {
  std::vector<std::byte> bytes = unhex("c0 c0");
  Reader reader(bytes);
  EXPECT_TRUE(reader.read_nil());
  EXPECT_FALSE(reader.expect_end());
}

TEST(Reader, ReadsEveryIntegerFormEvenWhenItIsNotTheShortest) {
  struct {
    const char* bytes;
    std::int64_t value;
  } const cases[] = {{"cc 05", 5},
                     {"cd 0005", 5},
                     {"ce 00000005", 5},
                     {"cf 0000000000000005", 5},
                     {"d0 05", 5},
                     {"d1 0005", 5},
                     {"d2 00000005", 5},
                     {"d3 0000000000000005", 5},
                     {"d0 fb", -5},
                     {"d1 fffb", -5},
                     {"d2 fffffffb", -5},
                     {"d3 fffffffffffffffb", -5},
                     {"7f", 127},
                     {"e0", -32},
                     {"d3 8000000000000000", INT64_MIN}};
  for (const auto& [text, expected] : cases) {
    std::vector<std::byte> bytes = unhex(text);
    Reader reader(bytes);
    std::int64_t value = 0;
    EXPECT_TRUE(reader.read_integer(value)) << text;
    EXPECT_EQ(value, expected) << text;
    EXPECT_TRUE(reader.expect_end());
  }
}

TEST(Reader, AFloatMayComeAsAnInteger) {
  std::vector<std::byte> bytes = unhex("d0 fb ca 3fc00000");
  Reader reader(bytes);
  double value = 0;
  EXPECT_TRUE(reader.read_real(value));
  EXPECT_EQ(value, -5.0);
  EXPECT_TRUE(reader.read_real(value));
  EXPECT_EQ(value, 1.5);
}

TEST(Reader, TextAndBinaryAreViewsIntoTheBytes) {
  std::vector<std::byte> bytes = unhex("a3 616263 c4 02 0102");
  Reader reader(bytes);
  std::string_view text;
  std::span<const std::byte> binary;
  EXPECT_TRUE(reader.read_text(text) && reader.read_binary(binary));
  EXPECT_EQ(text, "abc");
  EXPECT_EQ(static_cast<const void*>(text.data()), bytes.data() + 1);
  EXPECT_EQ(binary.data(), bytes.data() + 6);
}

TEST(Reader, RawGivesTheBytesOfOneValue) {
  std::vector<std::byte> bytes = unhex("92 01 81 c0 90 07");
  Reader reader(bytes);
  std::span<const std::byte> raw;
  EXPECT_TRUE(reader.read_raw(raw));
  EXPECT_EQ(raw.size(), 5u);
  EXPECT_EQ(reader.position(), 5u);
  EXPECT_EQ(reader.remaining(), 1u);
}

TEST(Reader, ReadsATextThatStandsApartAsIfItStoodInPlace) {
  Writer whole;
  whole.array(2);
  whole.text(std::string(300, 'x'));
  whole.integer(5);
  const auto bytes = whole.payload();
  std::vector<std::byte> around(bytes.begin(), bytes.begin() + 4);
  around.insert(around.end(), bytes.begin() + 304, bytes.end());
  const auto body = [] { return Body{4, std::string(300, 'x')}; };

  Body views = body();
  Reader reader(around, &views);
  std::size_t count = 0;
  std::string_view view;
  std::int64_t number = 0;
  EXPECT_TRUE(reader.read_array(count) && reader.read_text(view) && reader.read_integer(number) && reader.expect_end());
  EXPECT_EQ(view.data(), views.text.data());
  EXPECT_EQ(number, 5);

  Body skipped = body();
  Reader skips(around, &skipped);
  EXPECT_TRUE(skips.skip() && skips.expect_end());

  Body raw = body();
  Reader joins(around, &raw);
  std::span<const std::byte> all, element;
  EXPECT_TRUE(Reader(joins.read_raw(all) ? all : all).skip());
  EXPECT_TRUE(std::ranges::equal(all, bytes)) << "put together";
  Reader inner(around, &raw);
  EXPECT_TRUE(inner.read_array(count) && inner.read_raw(element));
  EXPECT_EQ(element.size(), 303u);

  Body tried = body();
  Reader tries(around, &tried);
  ASSERT_TRUE(tries.read_array(count));
  std::string text;
  {
    Reader::Trial trial(tries);
    EXPECT_TRUE(tries.take_text(text));
    EXPECT_TRUE(trial.again());
    EXPECT_TRUE(tries.take_text(text)) << "a trial leaves it in place";
    EXPECT_TRUE(trial.accept());
  }
  EXPECT_EQ(text, std::string(300, 'x'));
  EXPECT_EQ(tried.text.size(), 300u);
}

TEST(Reader, ATextOfAnotherLengthIsNotTheOneThatStandsApart) {
  Writer whole;
  whole.text(std::string(300, 'x'));
  const auto bytes = whole.payload();
  Body other{3, std::string(299, 'y')};
  Reader reader(bytes, &other);
  std::string text;
  EXPECT_TRUE(reader.take_text(text));
  EXPECT_EQ(text, std::string(300, 'x'));
  Body missing{3, std::string(299, 'y')};
  Reader cut(bytes.first(3), &missing);
  EXPECT_FALSE(cut.take_text(text));
}

}  // namespace
}  // namespace daffi
