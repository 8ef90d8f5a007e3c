/// @file  Value <-> JSON: what is no JSON, what JSON cannot say, and round trips.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "daffi/error.hpp"
#include "daffi/value.hpp"
#include "support/hex.hpp"

namespace daffi {
namespace {

using namespace std::chrono_literals;
using testing::unhex;

std::string error_of(std::string_view text) {
  try {
    Value::from_json(text);
  } catch (const GlobalContextError& error) {
    return error.what();
  }
  return "no error";
}

TEST(JsonRefuses, WhatIsNoJson) {
  EXPECT_EQ(error_of(""), "not JSON: the end of the text at character 1");
  EXPECT_EQ(error_of("[1, 2"), "not JSON: a list without ',' or ']' at character 6");
  EXPECT_EQ(error_of("hello"), "not JSON: an unknown character at character 1");
  for (const char* text : {"nul",
                           "tru",
                           "[1,]",
                           "[,1]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{a: 1}",
                           "{\"a\": 1,}",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "1e",
                           "-",
                           "--1",
                           "0x10",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u+123\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"a\nb\"",
                           "\"\xff\"",
                           "1 2",
                           "[1] x",
                           "NaN",
                           "Infinity",
                           "1e999",
                           "'a'",
                           "{\"a\": 1, \"a\": 2}",
                           "]",
                           "}"}) {
    EXPECT_NE(error_of(text), "no error") << text;
  }
  EXPECT_NE(error_of(std::string_view("\"\0\"", 3)), "no error");
  EXPECT_NE(error_of(std::string_view("1\0", 2)), "no error");
}

TEST(JsonRefuses, DepthBeyondTheLimit) {
  EXPECT_NE(error_of(std::string(100'000, '[')).find("nested too deep"), std::string::npos);
  std::string deepest = std::string(max_depth, '[') + std::string(max_depth, ']');
  EXPECT_EQ(error_of(deepest), "no error");
}

TEST(JsonWrites, WhatJsonCannotSay) {
  EXPECT_EQ(Value(std::nan("")).to_json(), "null");
  EXPECT_EQ(Value(-INFINITY).to_json(), "null");
  EXPECT_EQ(Value(unhex("00ff10")).to_json(), "\"AP8Q\"");
  EXPECT_EQ(Value(unhex("00ff")).to_json(), "\"AP8=\"");
  EXPECT_EQ(Value(unhex("00")).to_json(), "\"AA==\"");
  EXPECT_EQ(Value(unhex("")).to_json(), "\"\"");
  EXPECT_EQ(Value(Timestamp{1'700'000'000, 120'000'000}).to_json(), "\"2023-11-14T22:13:20.12Z\"");
  EXPECT_EQ(Value(Timestamp{-1, 0}).to_json(), "\"1969-12-31T23:59:59Z\"");
  EXPECT_EQ(Value(Timestamp{INT64_MAX, 0}).to_json(), "9223372036854775807");
  EXPECT_EQ(Value::from(1500ms).to_json(), "1.5");
  EXPECT_EQ(Value(Value::Ext{50, unhex("01")}).to_json(), R"({"ext": 50, "data": "AQ=="})");
  EXPECT_EQ(Value(Value::Map{{1, 2}, {Value::list({"x"}), 3}}).to_json(), R"({"1": 2, "[\"x\"]": 3})");
}

// Escaped once more at each level, a few hundred bytes from a peer would be gigabytes of text.
TEST(JsonWrites, AKeyInsideOfAKeyIsItsEncodingSoThatTextDoesNotGrowWithDepth) {
  Value::Map inner{{Value::list({"x"}), 3}};
  EXPECT_EQ(Value(Value::Map{{Value(inner), 4}}).to_json(), R"({"{\"kaF4\": 3}": 4})");
  Value deep = Value::list({"x"});
  for (int level = 0; level < 100; ++level) deep = Value(Value::Map{{deep, 1}});
  EXPECT_LT(deep.to_json().size(), 1000u);
}

TEST(JsonWrites, EscapesAndIndents) {
  EXPECT_EQ(Value("a\"b\\c\n\x01é").to_json(), "\"a\\\"b\\\\c\\n\\u0001é\"");
  EXPECT_EQ(Value::map({{"a", Value::list({1, 2})}, {"b", Value::list({})}}).to_json(2),
            "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}");
}

TEST(Json, ReadsWhatItWrites) {
  for (const char* text : {"null", "true", "[]", "{}", "-5", "18446744073709551615", "1.5", "5.0", "1e+300", "-0.0",
                           "\"\"", "[1, [2, {\"a\": [null, false]}]]", "{\"b\": 1, \"a\": 2}", "\"\\u0000\""}) {
    EXPECT_EQ(Value::from_json(text).to_json(), text);
  }
}

TEST(Json, ReadsNumbersByTheirSpelling) {
  EXPECT_EQ(Value::from_json("5").kind(), Value::Kind::integer);
  EXPECT_EQ(Value::from_json("5.0").kind(), Value::Kind::real);
  EXPECT_EQ(Value::from_json("5e0").kind(), Value::Kind::real);
  EXPECT_EQ(Value::from_json("18446744073709551616").kind(), Value::Kind::real);
}

TEST(Json, ReadsEscapes) { EXPECT_EQ(*Value::from_json(R"("\u00e9\u20ac\ud83d\ude00\/\b\f")").text_if(), "é€😀/\b\f"); }

}  // namespace
}  // namespace daffi
