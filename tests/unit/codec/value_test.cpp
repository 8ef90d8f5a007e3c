/// @file  Value: hostile bytes, mistaken reads, then building, reading, comparing.
#include "daffi/value.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "daffi/error.hpp"
#include "support/hex.hpp"

namespace daffi {
namespace {

using testing::hex;
using testing::unhex;

std::string error_of(std::string_view text) {
  try {
    Value::parse(unhex(text));
  } catch (const ProtocolError& error) {
    return error.what();
  }
  return "no error";
}

template <typename T>
std::string mismatch(const Value& value) {
  try {
    value.as<T>();
  } catch (const RemoteCallError& error) {
    return error.code() == ErrorCode::result_mismatch ? error.what() : "another code";
  }
  return "no error";
}

TEST(ValueHostile, MalformedBytesAreRefused) {
  EXPECT_EQ(error_of(""), "unexpected end of data");
  EXPECT_EQ(error_of("c0 c0"), "more data than one value");
  EXPECT_EQ(error_of("92 01 c1"), "[1]: expected a value, got invalid data");
  EXPECT_EQ(error_of("82 a161 01 a161 02"), "['a']: duplicate key");
  EXPECT_EQ(error_of("82 05 01 cc05 02"), "[1]: duplicate key");
  EXPECT_EQ(error_of("81 a161 a2 c328"), "['a']: str is not valid UTF-8");
  EXPECT_EQ(error_of("d4 ff 00"), "not a timestamp");
  EXPECT_EQ(error_of("de ffff c0"), "unexpected end of data");
}

TEST(ValueHostile, DepthIsLimited) {
  for (std::byte opener : {std::byte{0x91}, std::byte{0x81}}) {
    std::vector<std::byte> bytes(10'000, opener);
    try {
      Value::parse(bytes);
      ADD_FAILURE();
    } catch (const ProtocolError& error) {
      EXPECT_TRUE(std::string_view(error.what()).ends_with("nested too deep"));
    }
  }
  Value deep;
  for (unsigned i = 0; i <= max_depth; ++i) deep = Value::list({std::move(deep)});
  EXPECT_THROW(Value::from(deep), GlobalContextError);
}

TEST(ValueHostile, ManyKeysAreComparedInReasonableTime) {
  Writer writer;
  constexpr std::size_t many = 100'000;
  writer.map(many);
  for (std::size_t i = 0; i < many; ++i) {
    writer.integer(static_cast<std::int64_t>(i == many - 1 ? 77 : i));
    writer.nil();
  }
  Reader reader(writer.payload());
  Value value;
  EXPECT_FALSE(Codec<Value>::read(reader, value));
  EXPECT_EQ(reader.error(), "[99999]: duplicate key");
}

TEST(ValueMistakes, AWrongTypeSaysWhatIsThere) {
  EXPECT_EQ(mismatch<int>(Value("x")), "expected integer, got str");
  EXPECT_EQ(mismatch<std::uint8_t>(Value(300)), "300 is out of range for uint8");
  EXPECT_EQ((mismatch<std::map<std::string, int>>(Value::map({{"k", "v"}}))), "['k']: expected integer, got str");
  EXPECT_EQ(Value("x").try_as<int>(), std::nullopt);
}

TEST(ValueMistakes, AnElementThatIsNotThereThrows) {
  const Value list = Value::list({1});
  const Value map = Value::map({{"a", 1}});
  EXPECT_THROW(list[1], std::out_of_range);
  EXPECT_THROW(list[-1], std::out_of_range);
  EXPECT_THROW(map["b"], std::out_of_range);
  EXPECT_THROW(map[0], std::out_of_range);
  EXPECT_THROW(list["a"], std::out_of_range);
  Value number = 5;
  EXPECT_THROW(number["a"], std::out_of_range);
  EXPECT_THROW(number.push_back(1), std::out_of_range);
}

TEST(Value, IsBuiltFromWhatCppHas) {
  EXPECT_TRUE(Value().is_nil());
  EXPECT_TRUE(Value(nullptr).is_nil());
  EXPECT_EQ(Value(true).kind(), Value::Kind::boolean);
  EXPECT_EQ(Value(0).kind(), Value::Kind::integer);
  EXPECT_EQ(Value(std::uint64_t{5}).kind(), Value::Kind::integer);
  EXPECT_EQ(Value(UINT64_MAX).kind(), Value::Kind::large_integer);
  EXPECT_EQ(Value(UINT32_MAX).as<std::uint32_t>(), UINT32_MAX);
  EXPECT_EQ(Value(std::int8_t{-5}).as<int>(), -5);
  EXPECT_EQ(Value(1.5f).kind(), Value::Kind::real);
  EXPECT_EQ(Value("text").kind(), Value::Kind::text);
  EXPECT_EQ(Value(unhex("01")).kind(), Value::Kind::bytes);
}

struct Point {
  int x;
  Value tag;
};

TEST(Value, ConvertsThroughCodecs) {
  Value value = Value::from(std::vector<Point>{{1, "a"}, {2, 3.5}});
  EXPECT_EQ(value[1]["x"].as<int>(), 2);
  EXPECT_EQ(value[0]["tag"], Value("a"));
  auto points = value.as<std::vector<Point>>();
  EXPECT_EQ(points.at(1).tag.as<double>(), 3.5);
  EXPECT_EQ(Value(5).as<double>(), 5.0);
  EXPECT_EQ(Value().as<std::optional<int>>(), std::nullopt);
  EXPECT_EQ(value.as<Value>(), value);
}

TEST(Value, IsChangedInPlace) {
  Value value;
  value["list"].push_back(1);
  value["list"].push_back("two");
  value["map"]["inner"] = 3;
  value["list"][0] = 7;
  EXPECT_EQ(value.to_json(), R"({"list": [7, "two"], "map": {"inner": 3}})");
  EXPECT_EQ(value.size(), 2u);
  EXPECT_TRUE(value.contains("map"));
  EXPECT_EQ(value.find("none"), nullptr);
}

TEST(Value, EqualityMeansKindAndContent) {
  EXPECT_EQ(Value(1), Value(std::uint64_t{1}));
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value("1"), Value(1));
  EXPECT_EQ(Value::list({1, "a", nullptr}), Value::list({1, "a", nullptr}));
  EXPECT_NE(Value::list({1}), Value::list({2}));
}

TEST(Value, SurvivesTheWireWhateverItHolds) {
  Value value = Value::list({nullptr, true, -1, UINT64_MAX, 1.5, "text", unhex("00ff"), Value::map({{"k", 1}}),
                             Timestamp{-5, 999'999'999}, Value(Value::Ext{42, unhex("0102")}),
                             Value(Value::Map{{Value::list({1}), 2}, {nullptr, 3}})});
  Writer writer;
  Codec<Value>::write(writer, value);
  EXPECT_EQ(Value::parse(writer.payload()), value);
}

}  // namespace
}  // namespace daffi
