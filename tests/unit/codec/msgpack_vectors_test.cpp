/// @file  Holds the codec against spec/vectors/msgpack.json, which another implementation of MessagePack made.
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <fstream>
#include <iterator>

#include "daffi/error.hpp"
#include "daffi/value.hpp"
#include "support/hex.hpp"

namespace daffi {
namespace {

using testing::hex;
using testing::unhex;

const Value& vectors() {
  static const Value read = [] {
    std::ifstream file("spec/vectors/msgpack.json");
    return Value::from_json(std::string(std::istreambuf_iterator<char>(file), {}));
  }();
  return read;
}

template <typename T>
T number(const std::string& digits, int base = 10) {
  T result{};
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result, base);
  EXPECT_TRUE(error == std::errc() && end == digits.data() + digits.size()) << digits;
  return result;
}

Value undescribed(const Value& description) {
  const auto& [kind_key, content] = description.map_if()->front();
  std::string kind = kind_key.as<std::string>();
  if (kind == "nil") return {};
  if (kind == "bool") return content.as<bool>();
  if (kind == "str") return content;
  if (kind == "bytes") return unhex(*content.text_if());
  if (kind == "float") return std::bit_cast<double>(number<std::uint64_t>(*content.text_if(), 16));
  if (kind == "int") {
    const std::string& digits = *content.text_if();
    return digits[0] == '-' ? Value(number<std::int64_t>(digits)) : Value(number<std::uint64_t>(digits));
  }
  if (kind == "timestamp") {
    return Timestamp{number<std::int64_t>(*content[0].text_if()), number<std::uint32_t>(*content[1].text_if())};
  }
  if (kind == "ext") return Value::Ext{content[0].as<std::int8_t>(), unhex(*content[1].text_if())};
  if (kind == "list") {
    Value::List list;
    for (const Value& item : *content.list_if()) list.push_back(undescribed(item));
    return list;
  }
  EXPECT_EQ(kind, "dict");
  Value::Map map;
  for (const Value& entry : *content.list_if()) map.emplace_back(undescribed(entry[0]), undescribed(entry[1]));
  return map;
}

TEST(MsgpackVectors, MalformedBytesAreRefused) {
  const Value::List& malformed = *vectors()["malformed"].list_if();
  ASSERT_GT(malformed.size(), 30u);
  for (const Value& text : malformed) {
    EXPECT_THROW(Value::parse(unhex(*text.text_if())), ProtocolError) << *text.text_if();
  }
}

TEST(MsgpackVectors, EveryEncodingIsRead) {
  const Value::List& values = *vectors()["values"].list_if();
  ASSERT_GT(values.size(), 100u);
  for (const Value& row : values) {
    Value expected = undescribed(row["value"]);
    for (const Value& encoding : *row["encodings"].list_if()) {
      EXPECT_EQ(Value::parse(unhex(*encoding.text_if())), expected) << row["value"].to_json();
    }
  }
}

TEST(MsgpackVectors, TheShortestEncodingIsWritten) {
  for (const Value& row : *vectors()["values"].list_if()) {
    Writer writer;
    Codec<Value>::write(writer, undescribed(row["value"]));
    EXPECT_EQ(hex(writer.payload()), *row["encodings"][0].text_if()) << row["value"].to_json();
  }
}

TEST(MsgpackVectors, EveryTruncationIsRefused) {
  for (const Value& row : *vectors()["values"].list_if()) {
    for (const Value& encoding : *row["encodings"].list_if()) {
      std::vector<std::byte> bytes = unhex(*encoding.text_if());
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        Reader reader(std::span<const std::byte>(bytes.data(), size));
        Value value;
        EXPECT_FALSE(Codec<Value>::read(reader, value));
      }
    }
  }
}

}  // namespace
}  // namespace daffi
