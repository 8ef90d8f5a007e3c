/// @file  Tests of durations as text.
#include "base/duration_text.hpp"

#include <gtest/gtest.h>

namespace daffi::base {
namespace {

using namespace std::chrono_literals;

TEST(DurationText, NonsenseIsRefusedShowingTextAndGrammar) {
  for (const char* text : {"", " ", "abc", "s", "5 parsecs", "-5s", "+5s", "1m2m", "30m 1h", "5 5", "1m 30", ".",
                           "1.s.", "5s!", "1..2s", "nan", "1e3"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration.ok()) << text;
    EXPECT_EQ(duration.failure().code, ErrorCode::invalid_modifier);
    EXPECT_NE(duration.failure().message.find("'" + std::string(text) + "'"), std::string::npos);
    EXPECT_NE(duration.failure().message.find("1m24s"), std::string::npos);
  }
}

TEST(DurationText, TooLongIsRefused) {
  EXPECT_FALSE(parse_duration("110000 days").ok());
  EXPECT_FALSE(parse_duration(std::string(5000, '9')).ok());
  EXPECT_FALSE(parse_duration("106751d 24h").ok());
  EXPECT_TRUE(parse_duration("106751 days").ok());
}

TEST(DurationText, LongNonsenseIsShownShortened) {
  EXPECT_LT(parse_duration(std::string(100'000, 'x')).failure().message.size(), 500u);
}

TEST(DurationText, ReadsWhatTheDocumentationShows) {
  EXPECT_EQ(*parse_duration("5s"), 5s);
  EXPECT_EQ(*parse_duration("1m24s"), 84s);
  EXPECT_EQ(*parse_duration("1.2 minutes"), 72s);
  EXPECT_EQ(*parse_duration("90"), 90s);
  EXPECT_EQ(*parse_duration("1 h 30 m"), 90min);
}

TEST(DurationText, UnitsMayBeLongShortOrShouted) {
  EXPECT_EQ(*parse_duration("2 DAYS 3 Hours 4 minutes 5 seconds 6 milliseconds 7 microseconds 8 nanoseconds"),
            48h + 3h + 4min + 5s + 6ms + 7us + 8ns);
  EXPECT_EQ(*parse_duration("2d3h4min5sec6ms7us8ns"), 48h + 3h + 4min + 5s + 6ms + 7us + 8ns);
  EXPECT_EQ(*parse_duration("  10\u00b5s "), 10us);
}

TEST(DurationText, FractionsAreExactToTheNanosecond) {
  EXPECT_EQ(*parse_duration("0.1"), 100ms);
  EXPECT_EQ(*parse_duration(".5s"), 500ms);
  EXPECT_EQ(*parse_duration("1.s"), 1s);
  EXPECT_EQ(*parse_duration("0.123456789s"), 123'456'789ns);
  EXPECT_EQ(*parse_duration("0.9999999999999999999999999s"), 999'999'999ns);
  EXPECT_EQ(*parse_duration("1.5h 0.5m"), 90min + 30s);
}

TEST(DurationText, IsWrittenAsPeopleWriteIt) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(84s), "1m24s");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_duration(250ms), "250ms");
  EXPECT_EQ(format_duration(1050us), "1.05ms");
  EXPECT_EQ(format_duration(26h), "1d2h");
  EXPECT_EQ(format_duration(-3s), "-3s");
}

TEST(DurationText, WhatIsWrittenReadsBackTheSame) {
  for (std::int64_t n = 1; n > 0 && n < Duration::max().count() / 7; n = n * 7 + 3) {
    EXPECT_EQ(*parse_duration(format_duration(Duration(n))), Duration(n)) << format_duration(Duration(n));
  }
  EXPECT_EQ(*parse_duration(format_duration(Duration::max())), Duration::max());
}

}  // namespace
}  // namespace daffi::base
