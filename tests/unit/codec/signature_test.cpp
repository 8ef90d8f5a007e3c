/// @file  Signatures: what they are deduced from, how they read, travel, and judge arguments.
#include "daffi/signature.hpp"

#include <gtest/gtest.h>

#include <map>

#include "daffi/call_context.hpp"
#include "daffi/error.hpp"
#include "daffi/function_name.hpp"

namespace signature_test {
struct Item {
  std::string name;
  double price;
};
int calculate_sum(int a, int b) { return a + b; }
double calculate_sum(double a) { return a; }
struct Service {
  std::vector<Item> get_items() const { return {}; }
  void add_item(const Item&) {}
  std::uint8_t on_call(daffi::CallContext&, std::string_view) noexcept { return 0; }
  static bool fixed() { return true; }
};
template <typename T>
T generic(T value) {
  return value;
}
namespace {
void hidden() {}
}  // namespace
}  // namespace signature_test

namespace daffi {
namespace {

using namespace signature_test;

std::string initialization_error(auto&& action) {
  try {
    action();
  } catch (const InitializationError& error) {
    return error.what();
  }
  return "no error";
}

TEST(SignatureMistakes, AreFoundWhenNamesAreGiven) {
  auto two = [](int, int) {};
  auto rest = [](Variadic<int>) {};
  EXPECT_EQ(initialization_error([&] { signature_of(two, params("a")); }),
            "params: 1 names given for a callback with 2 parameters");
  EXPECT_EQ(initialization_error([&] { signature_of(two, params("a", "a")); }), "params: the name 'a' is given twice");
  EXPECT_EQ(initialization_error([&] { signature_of(two, params("a", "")); }), "params: a name is empty");
  EXPECT_EQ(initialization_error([&] { signature_of(two, params(arg("a") = 1, "b")); }),
            "params: 'b' has no default but follows a parameter that has one");
  EXPECT_EQ(initialization_error([&] { signature_of(two, params("a", arg("b") = "x")); }),
            "params: default of 'b': expected integer, got str");
  EXPECT_EQ(initialization_error([&] { signature_of(rest, params(arg("a") = 1)); }),
            "params: 'a' takes any number of arguments and cannot have a default");
  EXPECT_EQ(initialization_error([&] { signature_of([](Variadic<int>, int) {}); }),
            "a Variadic parameter must be the callback's last");
}

TEST(Signature, IsDeducedFromAnyCallable) {
  EXPECT_EQ(signature_of(static_cast<int (*)(int, int)>(&calculate_sum)).text("f"), "def f(int, int) -> int");
  EXPECT_EQ(signature_of(&Service::get_items).text("get_items"), "def get_items() -> list[Item]");
  EXPECT_EQ(signature_of(&Service::add_item, params("item")).text("f"), "def f(item: Item) -> None");
  EXPECT_EQ(signature_of(&Service::fixed).text("f"), "def f() -> bool");
  auto lambda = [n = 1](const std::map<std::string, int>& m) mutable {
    return std::optional<int>(m.contains("x") ? n++ : 0);
  };
  EXPECT_EQ(signature_of(lambda).text("f"), "def f(dict[str, int]) -> optional[int]");
}

TEST(Signature, LeavesTheCallContextOut) {
  using Traits = detail::FunctionTraits<decltype(&Service::on_call)>;
  EXPECT_TRUE(Traits::wants_context);
  EXPECT_EQ(signature_of(&Service::on_call, params("who")).text("f"), "def f(who: str) -> int");
}

TEST(Signature, LooksIntoTasksAndGenerators) {
  EXPECT_EQ(signature_of<Task<int>(int)>().text("f"), "def f(int) -> int");
  EXPECT_EQ(signature_of<Task<void>()>().text("f"), "def f() -> None");
  EXPECT_TRUE(signature_of<Generator<int>()>().stream);
  EXPECT_EQ(signature_of<AsyncGenerator<std::string>(int)>(params("end")).text("f"),
            "def f(end: int) -> Iterator[str]");
}

TEST(Signature, ShowsNamesDefaultsAndVariadics) {
  auto f = [](int, const std::string&, double, Variadic<int>) {};
  EXPECT_EQ(signature_of(f, params("a", arg("b") = "it's", arg("c") = 1.0, "rest")).text("f"),
            "def f(a: int, b: str = 'it\\'s', c: float = 1.0, *rest: int) -> None");
}

TEST(Signature, TravelsWithoutDefaultValues) {
  Signature sent = signature_of([](int, std::string) { return 1.5; }, params("a", arg("b") = "x"));
  Writer writer;
  Codec<Signature>::write(writer, sent);
  Reader reader(writer.payload());
  Signature read;
  ASSERT_TRUE(Codec<Signature>::read(reader, read)) << reader.error();
  EXPECT_EQ(read, sent);
  EXPECT_TRUE(read.parameters[1].default_value.empty());
  EXPECT_FALSE(sent.parameters[1].default_value.empty());
}

std::string check(const Signature& signature, std::size_t positional, std::vector<std::string> keywords = {}) {
  return check_arguments("f", signature, positional, keywords).value_or("fits");
}

TEST(CheckArguments, SpeaksPythonsOwnWords) {
  Signature three = signature_of([](int, int, int) {}, params("a", "b", "c"));
  EXPECT_EQ(check(three, 3), "fits");
  EXPECT_EQ(check(three, 2, {"c"}), "fits");
  EXPECT_EQ(check(three, 2), "f() missing 1 required positional argument: 'c'");
  EXPECT_EQ(check(three, 1), "f() missing 2 required positional arguments: 'b' and 'c'");
  EXPECT_EQ(check(three, 0), "f() missing 3 required positional arguments: 'a', 'b', and 'c'");
  EXPECT_EQ(check(three, 4), "f() takes 3 positional arguments but 4 were given");
  EXPECT_EQ(check(three, 3, {"x"}), "f() got an unexpected keyword argument 'x'");
  EXPECT_EQ(check(three, 2, {"a"}), "f() got multiple values for argument 'a'");
  EXPECT_EQ(check(three, 1, {"b", "b"}), "f() got multiple values for argument 'b'");
  Signature none = signature_of([] {});
  EXPECT_EQ(check(none, 1), "f() takes 0 positional arguments but 1 was given");
}

TEST(CheckArguments, KnowsDefaultsAndVariadics) {
  Signature optional = signature_of([](int, int) {}, params("a", arg("b") = 1));
  EXPECT_EQ(check(optional, 1), "fits");
  EXPECT_EQ(check(optional, 3), "f() takes from 1 to 2 positional arguments but 3 were given");
  Signature rest = signature_of([](int, Variadic<int>) {}, params("a", "rest"));
  EXPECT_EQ(check(rest, 70), "fits");
  EXPECT_EQ(check(rest, 0), "f() missing 1 required positional argument: 'a'");
  EXPECT_EQ(check(rest, 1, {"rest"}), "f() got an unexpected keyword argument 'rest'");
}

TEST(CheckArguments, SaysThatParametersHaveNoNames) {
  Signature unnamed = signature_of([](int) {});
  EXPECT_EQ(check(unnamed, 0), "f() missing 1 required positional argument: 1");
  EXPECT_EQ(check(unnamed, 0, {"a"}), "f() takes no keyword arguments, its parameters have no names (got 'a')");
}

TEST(CheckArguments, TheWholeTextShowsSignatureAndArguments) {
  Signature signature = signature_of([](int, int) { return 0; }, params("a", "b"));
  Writer writer;
  encode_arguments(writer, 5, kw("c", std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(
      argument_error_text("f() is wrong", "f", signature, show_arguments(writer.payload())),
      "f() is wrong. Function signature: def f(a: int, b: int) -> int: ..., provided arguments: (5, c=['x', 'y'])");
}

TEST(FunctionName, IsTheFunctionsOwn) {
  EXPECT_EQ(function_name<static_cast<int (*)(int, int)>(&calculate_sum)>(), "calculate_sum");
  EXPECT_EQ(function_name<static_cast<double (*)(double)>(&calculate_sum)>(), "calculate_sum");
  EXPECT_EQ(function_name<&Service::get_items>(), "get_items");
  EXPECT_EQ(function_name<&Service::on_call>(), "on_call");
  EXPECT_EQ(function_name<&Service::fixed>(), "fixed");
  EXPECT_EQ(function_name<&generic<std::vector<int>>>(), "generic");
  EXPECT_EQ(function_name<&hidden>(), "hidden");
}

Signature keyword_signature() {
  Signature signature;
  signature.parameters = {{.name = "a"}, {.name = "key", .keyword_only = true}, {.name = "rest", .any_keywords = true}};
  return signature;
}

TEST(KeywordOnly, IsNotGivenByPositionAndMissesByName) {
  const Signature signature = keyword_signature();
  const std::vector<std::string> none, key{"key"}, other{"key", "more"};
  EXPECT_EQ(check_arguments("f", signature, 2, none), "f() takes 1 positional argument but 2 were given");
  EXPECT_EQ(check_arguments("f", signature, 1, none), "f() missing 1 required keyword-only argument: 'key'");
  EXPECT_EQ(check_arguments("f", signature, 0, key), "f() missing 1 required positional argument: 'a'");
  EXPECT_EQ(check_arguments("f", signature, 1, key), std::nullopt);
  EXPECT_EQ(check_arguments("f", signature, 1, other), std::nullopt);
}

TEST(KeywordOnly, ShowsAndTravels) {
  const Signature signature = keyword_signature();
  EXPECT_EQ(signature.text("f"), "def f(a, *, key, **rest)");
  Writer writer;
  Codec<Signature>::write(writer, signature);
  Reader reader(writer.payload());
  Signature back;
  ASSERT_TRUE(Codec<Signature>::read(reader, back)) << reader.error();
  EXPECT_EQ(back, signature);
}

}  // namespace
}  // namespace daffi
