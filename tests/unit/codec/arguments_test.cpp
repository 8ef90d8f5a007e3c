/// @file  Arguments: hostile and mistaken ones first, then positional, keywords, defaults, variadics and Args.
#include <gtest/gtest.h>

#include "daffi/signature.hpp"
#include "support/hex.hpp"

namespace daffi {
namespace {

using testing::hex;
using testing::unhex;

struct Item {
  std::string name;
  int price;
};

using Taken = std::tuple<int, std::string>;

const Signature& signature() {
  static const Signature made = signature_of<void(int, std::string)>(params("a", arg("b") = "dflt"));
  return made;
}

std::string error_of(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  Taken taken;
  return decode_arguments(reader, "f", signature(), taken) ? "no error" : reader.error();
}

template <typename... Ts>
std::string error_of_call(const Ts&... arguments) {
  Writer writer;
  encode_arguments(writer, arguments...);
  return error_of(writer.payload());
}

TEST(ArgumentsHostile, EveryTruncationIsAnError) {
  Writer writer;
  encode_arguments(writer, 100'000, kw("b", "text"));
  auto payload = writer.payload();
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_NE(error_of(payload.first(size)), "no error") << size;
  }
  EXPECT_EQ(error_of(payload), "no error");
}

TEST(ArgumentsHostile, WhatIsNotArgumentsIsNamed) {
  EXPECT_EQ(error_of(unhex("c0")), "f() arguments: expected list, got nil");
  EXPECT_EQ(error_of(unhex("9101 c0")), "f() keyword arguments: expected dict, got nil");
  EXPECT_EQ(error_of(unhex("9101 81 01 02")), "f() keyword arguments: expected str, got integer");
  EXPECT_EQ(error_of(unhex("9101 80 c0")), "more data than one value");
  EXPECT_EQ(error_of(unhex("dd00010000 01")), "f() arguments: unexpected end of data");
}

TEST(ArgumentMistakes, AreToldInPythonsWords) {
  EXPECT_EQ(error_of_call(), "f() missing 1 required positional argument: 'a'");
  EXPECT_EQ(error_of_call(1, "x", 3), "f() takes from 1 to 2 positional arguments but 3 were given");
  EXPECT_EQ(error_of_call(1, kw("x", 3)), "f() got an unexpected keyword argument 'x'");
  EXPECT_EQ(error_of_call(1, kw("a", 3)), "f() got multiple values for argument 'a'");
  EXPECT_EQ(error_of_call(kw("a", 3), kw("a", 3)), "f() got multiple values for argument 'a'");
}

TEST(ArgumentMistakes, AWrongTypeNamesTheArgument) {
  EXPECT_EQ(error_of_call("x"), "f() argument 1 'a': expected integer, got str");
  EXPECT_EQ(error_of_call(1, kw("b", 2)), "f() argument 2 'b': expected str, got integer");
  EXPECT_EQ(error_of_call(std::int64_t{1} << 40), "f() argument 1 'a': 1099511627776 is out of range for int32");
  std::tuple<std::vector<Item>> items;
  Signature nested = signature_of<void(std::vector<Item>)>();
  Writer writer;
  writer.array(1);
  writer.array(1);
  writer.map(2);
  writer.text("name");
  writer.text("x");
  writer.text("price");
  writer.nil();
  writer.map(0);
  Reader reader(writer.payload());
  EXPECT_FALSE(decode_arguments(reader, "g", nested, items));
  EXPECT_EQ(reader.error(), "g() argument 1[0].price: expected integer, got nil");
}

TEST(ArgumentMistakes, AnotherFunctionsSignatureIsNoWayIn) {
  Reader reader(std::span<const std::byte>{});
  std::tuple<int> one;
  EXPECT_FALSE(decode_arguments(reader, "f", signature(), one));
}

template <typename... Ts>
Taken taken(const Ts&... arguments) {
  Writer writer;
  encode_arguments(writer, arguments...);
  Reader reader(writer.payload());
  Taken result;
  EXPECT_TRUE(decode_arguments(reader, "f", signature(), result)) << reader.error();
  return result;
}

TEST(Arguments, ArriveByPlaceByNameAndByDefault) {
  EXPECT_EQ(taken(1, "x"), Taken(1, "x"));
  EXPECT_EQ(taken(1), Taken(1, "dflt"));
  EXPECT_EQ(taken(1, kw("b", std::string("y"))), Taken(1, "y"));
  EXPECT_EQ(taken(kw("b", "z"), kw("a", 7)), Taken(7, "z"));
}

TEST(Arguments, AlwaysCarryAKeywordMap) {
  Writer writer;
  encode_arguments(writer, 1, "x", nullptr, true);
  EXPECT_EQ(hex(writer.payload()), "9401a178c0c380");
  writer.clear();
  encode_arguments(writer);
  EXPECT_EQ(hex(writer.payload()), "9080");
}

TEST(Arguments, AVariadicTakesTheRest) {
  Signature sum = signature_of<int(std::string, Variadic<int>)>(params("label", "numbers"));
  for (int count : {0, 1, 100}) {
    Writer writer;
    writer.array(static_cast<std::size_t>(count) + 1);
    writer.text("l");
    for (int i = 0; i < count; ++i) writer.integer(i);
    writer.map(0);
    Reader reader(writer.payload());
    std::tuple<std::string, Variadic<int>> arguments;
    ASSERT_TRUE(decode_arguments(reader, "sum", sum, arguments)) << reader.error();
    EXPECT_EQ(std::get<1>(arguments).size(), static_cast<std::size_t>(count));
  }
  Writer writer;
  encode_arguments(writer, "l", 1, "two");
  Reader reader(writer.payload());
  std::tuple<std::string, Variadic<int>> arguments;
  EXPECT_FALSE(decode_arguments(reader, "sum", sum, arguments));
  EXPECT_EQ(reader.error(), "sum() argument 3 'numbers': expected integer, got str");
}

TEST(Arguments, AFetchersBodyGivesArgsATupleOrOneValue) {
  auto encoded = [](const auto& returned) {
    Writer writer;
    encode_returned_arguments(writer, returned);
    return hex(writer.payload());
  };
  EXPECT_EQ(encoded(Args{1, "x", kw("b", 2)}), "9201a17881a16202");
  EXPECT_EQ(encoded(std::tuple(1, 2)), "92010280");
  EXPECT_EQ(encoded(std::vector<int>{1, 2}), "9192010280");
  EXPECT_EQ(encoded(Args<>{}), "9080");
}

TEST(Arguments, AreCountedAtCompileTime) {
  static_assert(positional_count<int, Keyword<int>, Keyword<std::string>> == 1);
  EXPECT_EQ(keyword_names(1, kw("x", 2), kw("y", 3)), (std::vector<std::string>{"x", "y"}));
}

TEST(Arguments, AViewRefersToTheBytes) {
  Signature views = signature_of<void(std::string_view, std::span<const std::byte>)>();
  Writer writer;
  encode_arguments(writer, "view", unhex("0102"));
  Reader reader(writer.payload());
  std::tuple<std::string_view, std::span<const std::byte>> arguments;
  ASSERT_TRUE(decode_arguments(reader, "f", views, arguments)) << reader.error();
  EXPECT_EQ(std::get<0>(arguments), "view");
  EXPECT_EQ(hex(std::get<1>(arguments)), "0102");
}

TEST(ShowArguments, IsShortWhateverItIsGiven) {
  Writer writer;
  encode_arguments(writer, std::vector<int>(100'000, 7), std::string(100'000, 'x'));
  EXPECT_LT(show_arguments(writer.payload()).size(), 1000u);
  EXPECT_EQ(show_arguments(unhex("92 01")), "(malformed)");
  EXPECT_EQ(show_value(unhex("cb 7ff8000000000000")), "nan");
}

}  // namespace
}  // namespace daffi
