/// @file  Writer: shortest forms, headroom, memory that is kept, moved out and taken back, and what it refuses.
#include "daffi/writer.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "daffi/error.hpp"
#include "support/hex.hpp"

namespace daffi {
namespace {

using testing::hex;

ErrorCode code_of(auto&& action) {
  try {
    action();
  } catch (const GlobalContextError& error) {
    return error.code();
  }
  return ErrorCode::system;
}

TEST(Writer, RefusesTextThatIsNotUtf8) {
  Writer writer;
  EXPECT_EQ(code_of([&] { writer.text("\xff"); }), ErrorCode::unencodable);
}

TEST(Writer, RefusesNestingDeeperThanTheReaderTakes) {
  Writer writer;
  auto nest = [&](auto& self, unsigned depth) -> void {
    Writer::Nested nested(writer);
    writer.array(1);
    if (depth > 1) self(self, depth - 1);
  };
  nest(nest, max_depth);
  EXPECT_EQ(code_of([&] { nest(nest, max_depth + 1); }), ErrorCode::unencodable);
  writer.clear();
  nest(nest, max_depth);  // the refusal left no trace
}

TEST(Writer, RefusesATimestampWithTooManyNanoseconds) {
  Writer writer;
  EXPECT_EQ(code_of([&] { writer.timestamp({0, 1'000'000'000}); }), ErrorCode::unencodable);
}

TEST(Writer, PicksTheShortestIntegerForm) {
  struct {
    std::int64_t value;
    const char* bytes;
  } const cases[] = {{0, "00"},
                     {127, "7f"},
                     {128, "cc80"},
                     {255, "ccff"},
                     {256, "cd0100"},
                     {65535, "cdffff"},
                     {65536, "ce00010000"},
                     {4294967295, "ceffffffff"},
                     {4294967296, "cf0000000100000000"},
                     {-1, "ff"},
                     {-32, "e0"},
                     {-33, "d0df"},
                     {-128, "d080"},
                     {-129, "d1ff7f"},
                     {-32768, "d18000"},
                     {-32769, "d2ffff7fff"},
                     {-2147483648, "d280000000"},
                     {-2147483649, "d3ffffffff7fffffff"}};
  for (const auto& [value, bytes] : cases) {
    Writer writer;
    writer.integer(value);
    EXPECT_EQ(hex(writer.payload()), bytes);
  }
}

TEST(Writer, KeepsTheHeadroomInFrontOfWhatItWrites) {
  Writer writer(40);
  EXPECT_EQ(writer.size(), 0u);
  EXPECT_TRUE(writer.payload().empty());
  for (int i = 0; i < 1000; ++i) writer.integer(i);
  std::memset(writer.buffer().data(), 0xee, 40);
  EXPECT_EQ(hex(writer.payload().first(2)), "0001");
  EXPECT_EQ(writer.buffer().size(), writer.size() + 40);
  EXPECT_EQ(writer.buffer().data() + 40, writer.payload().data());
}

TEST(Writer, DoesNotAllocateAgainAfterClear) {
  Writer writer(8);
  writer.text(std::string(5000, 'x'));
  std::size_t capacity = writer.capacity();
  const std::byte* place = writer.payload().data();
  writer.clear();
  writer.text(std::string(5000, 'y'));
  EXPECT_EQ(writer.capacity(), capacity);
  EXPECT_EQ(writer.payload().data(), place);
}

TEST(Writer, GivesItsMemoryAwayAndTakesItBack) {
  Writer writer(4);
  writer.text("abc");
  const std::byte* place = writer.buffer().data();
  Writer::Memory memory = writer.release();
  EXPECT_EQ(memory.bytes.get(), place);
  EXPECT_EQ(hex({memory.bytes.get() + 4, memory.size - 4}), "a3616263");
  EXPECT_EQ(writer.size(), 0u);
  writer.nil();
  EXPECT_EQ(hex(writer.payload()), "c0");
  writer.adopt(std::move(memory));
  EXPECT_EQ(writer.size(), 0u);
  writer.boolean(true);
  EXPECT_EQ(writer.buffer().data(), place);
}

TEST(Writer, AMovedFromWriterIsEmptyAndUsable) {
  Writer writer(3);
  writer.nil();
  Writer other(std::move(writer));
  EXPECT_EQ(hex(other.payload()), "c0");
  EXPECT_EQ(writer.size(), 0u);  // NOLINT(bugprone-use-after-move): it is specified
  writer.boolean(false);
  EXPECT_EQ(hex(writer.payload()), "c2");
}

TEST(Writer, TruncateCutsBackToAnEarlierSize) {
  Writer writer(5);
  writer.integer(1);
  std::size_t size = writer.size();
  writer.text("gone");
  writer.truncate(size);
  EXPECT_EQ(hex(writer.payload()), "01");
}

TEST(Writer, ExtAndTimestampsTakeTheirShortestForm) {
  auto written = [](Timestamp time) {
    Writer writer;
    writer.timestamp(time);
    return hex(writer.payload());
  };
  EXPECT_EQ(written({1, 0}), "d6ff00000001");
  EXPECT_EQ(written({1, 1}), "d7ff0000000400000001");
  EXPECT_EQ(written({std::int64_t{1} << 32, 0}), "d7ff0000000100000000");
  EXPECT_EQ(written({-1, 5}), "c70cff00000005ffffffffffffffff");
}

TEST(Writer, RefersToWhatIsLentAndLargeAndPutsItInPlaceWhereItIsAskedForTheWhole) {
  const std::string large(Writer::lent_from, 'x');
  const std::vector<std::byte> bytes(Writer::lent_from + 3, std::byte{7});
  Writer expected(24), lending(24);
  for (Writer* writer : {&expected, &lending}) writer->array(4);
  expected.text("small");
  expected.text(large);
  expected.binary(bytes);
  expected.nil();
  lending.lend_text("small");
  lending.lend_text(large);
  lending.lend_binary(bytes);
  lending.nil();
  EXPECT_EQ(lending.size(), expected.size());
  EXPECT_LT(lending.capacity(), large.size()) << "nothing large was copied";
  EXPECT_TRUE(std::ranges::equal(lending.payload(), expected.payload()));
  lending.clear();
  lending.lend_text(large);
  Writer moved = std::move(lending);
  EXPECT_EQ(moved.size(), large.size() + 5);
  EXPECT_EQ(lending.size(), 0u);
  moved.clear();
  EXPECT_EQ(moved.size(), 0u);
  EXPECT_TRUE(moved.release_lent().empty());
}

TEST(Writer, KeepsTheOwnerOfWhatIsLentUntilItIsTakenOutOrForgotten) {
  auto owner = std::make_shared<const std::string>(Writer::lent_from, 'x');
  Writer writer;
  writer.lend_text(*owner, owner);
  EXPECT_EQ(owner.use_count(), 2);
  writer.clear();
  EXPECT_EQ(owner.use_count(), 1);
  writer.lend_text(*owner, owner);
  auto lent = writer.release_lent();
  ASSERT_EQ(lent.size(), 1u);
  EXPECT_EQ(lent[0].at, 5u);
  EXPECT_EQ(lent[0].bytes.data(), reinterpret_cast<const std::byte*>(owner->data()));
  EXPECT_EQ(writer.size(), 5u);
  EXPECT_THROW(writer.lend_text(std::string(Writer::lent_from, '\xff')), GlobalContextError);
}

TEST(Utf8, TheWellFormedBeginningOfTextThatGoesOnEndsBeforeWhatIsNotWhole) {
  EXPECT_EQ(utf8_prefix(""), 0u);
  EXPECT_EQ(utf8_prefix("abc"), 3u);
  EXPECT_EQ(utf8_prefix("ab\xe2\x82"), 2u);
  EXPECT_EQ(utf8_prefix("ab\xe2\x82\xac"), 5u);
  EXPECT_EQ(utf8_prefix("ab\xff"
                        "cd"),
            2u);
}

TEST(Utf8, RefusesEverySortOfIllFormedSequence) {
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe2\x82",
        "\xf0\x9f\x98", "\xe2\x28\xa1", "\xf0\x28\x8c\xbc", "\xc3("}) {
    // At every distance from the start, so that each of the loops meets it.
    for (std::size_t before = 0; before < 70; ++before) {
      EXPECT_FALSE(is_utf8(std::string(before, 'a') + text)) << before;
      EXPECT_FALSE(is_utf8(std::string(before, 'a') + text + std::string(70, 'b'))) << before;
    }
  }
}

TEST(Utf8, AcceptsTheEdgesOfEveryLength) {
  for (const char* text : {"", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "h\xc3\xa9llo \xe2\x82\xac"}) {
    for (std::size_t before = 0; before < 70; ++before) EXPECT_TRUE(is_utf8(std::string(before, 'a') + text + "z"));
  }
}

}  // namespace
}  // namespace daffi
