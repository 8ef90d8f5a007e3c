/// @file  Modules: loaded once under their hash, called over the plain boundary, bounded, never mixed up.
#include "rpc/module_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "unit/rpc/module_fixture.hpp"

namespace daffi::rpc {
namespace {

using testing::HasSubstr;

class Modules : public testing::Test {
 protected:
  // Runs a function of a module whose bytes go along.
  template <typename... Ts>
  void run(FakeInvocation& invocation, const std::vector<std::byte>& code, std::string_view function,
           const Ts&... arguments) {
    const auto given = arguments_of(arguments...);
    table_.run({base::sha256(code), base::Bytes(code), function, given}, invocation);
  }
  template <typename R, typename... Ts>
  R call(std::string_view module, std::string_view function, const Ts&... arguments) {
    FakeInvocation invocation;
    run(invocation, module_bytes(module), function, arguments...);
    EXPECT_FALSE(invocation.rejected) << *invocation.rejected;
    return invocation.get<R>();
  }
  template <typename... Ts>
  base::Failure refusal(const std::vector<std::byte>& code, std::string_view function, const Ts&... arguments) {
    FakeInvocation invocation;
    return refusal_of([&] { run(invocation, code, function, arguments...); });
  }

  ModuleTable table_{{}};
};

struct Point {
  int x = 0, y = 0;
};

TEST_F(Modules, RunTypedFunctionsWithNamesAndDefaults) {
  EXPECT_EQ(call<int>("calculator", "add", 1, 2), 3);
  EXPECT_EQ(call<int>("calculator", "add", 1), 11);
  EXPECT_EQ(call<int>("calculator", "add", kw("b", 5), kw("a", 1)), 6);
  EXPECT_EQ(call<int>("calculator", "twice", 21), 42);
  EXPECT_EQ(call<Point>("calculator", "mirrored", Point{1, 2}).x, 2);
  call<std::nullptr_t>("calculator", "nothing");
  EXPECT_EQ(call<std::size_t>("calculator", "length", std::string(1u << 20, 'x')), 1u << 20);
}

TEST_F(Modules, StayLoadedUnderTheirHash) {
  EXPECT_EQ(call<int>("calculator", "count"), 1);
  FakeInvocation invocation;
  const auto code = module_bytes("calculator");
  const auto none = arguments_of();
  table_.run({base::sha256(code), std::nullopt, "count", none}, invocation);
  EXPECT_EQ(invocation.get<int>(), 2);
  EXPECT_EQ(table_.stats().modules, 1u);
}

TEST_F(Modules, AreMissedWhenOnlyTheirHashIsKnown) {
  const auto none = arguments_of();
  FakeInvocation invocation;
  const auto failure = refusal_of([&] {
    table_.run({base::sha256(module_bytes("calculator")), std::nullopt, "count", none}, invocation);
  });
  EXPECT_EQ(failure.code, ErrorCode::code_missing);
}

TEST_F(Modules, OneAfterTheOtherAreReallyTwo) {
  EXPECT_EQ(call<int>("version_1", "version"), 1);
  EXPECT_EQ(call<int>("version_2", "version"), 2);
  EXPECT_EQ(call<int>("version_1", "raise"), 2);
  EXPECT_EQ(call<int>("version_2", "raise"), 3) << "each has statics of its own";
  EXPECT_EQ(call<int>("version_1", "version"), 1);
  EXPECT_EQ(table_.stats().modules, 2u);
}

TEST_F(Modules, RefuseFunctionsTheyDoNotHaveAndSayWhatTheyHave) {
  const auto failure = refusal(module_bytes("calculator"), "divide");
  EXPECT_EQ(failure.code, ErrorCode::unusable_code);
  EXPECT_THAT(failure.message, HasSubstr("no function 'divide'"));
  EXPECT_THAT(failure.message, HasSubstr("def add(a: int, b: int = 10) -> int"));
}

TEST_F(Modules, RejectArgumentsThatDoNotFit) {
  FakeInvocation invocation;
  run(invocation, module_bytes("calculator"), "add", "one");
  ASSERT_TRUE(invocation.rejected);
  EXPECT_THAT(*invocation.rejected, HasSubstr("argument 1 'a': expected integer, got str"));
  FakeInvocation many;
  run(many, module_bytes("calculator"), "add", 1, 2, 3);
  EXPECT_THAT(many.rejected.value_or(""), HasSubstr("takes from 1 to 2 positional arguments but 3 were given"));
  FakeInvocation garbage;
  const auto code = module_bytes("calculator");
  const std::vector<std::byte> nonsense(5, std::byte{0xc1});
  table_.run({base::sha256(code), base::Bytes(code), "add", nonsense}, garbage);
  EXPECT_TRUE(garbage.rejected);
}

TEST_F(Modules, HandOutWhatTheirFunctionsThrow) {
  auto failure = refusal(module_bytes("calculator"), "half", 3);
  EXPECT_EQ(failure.code, ErrorCode::remote_error);
  ASSERT_TRUE(failure.remote);
  EXPECT_THAT(failure.remote->type, HasSubstr("Odd"));
  EXPECT_EQ(failure.remote->message, "3 is odd");
  EXPECT_EQ(failure.remote->language, "c++");
  failure = refusal(module_bytes("calculator"), "throw_a_number");
  ASSERT_TRUE(failure.remote);
  EXPECT_EQ(failure.remote->type, "int");
  failure = refusal(module_bytes("calculator"), "not_utf8");
  EXPECT_EQ(failure.code, ErrorCode::unencodable_result);
}

TEST_F(Modules, KnowTheirCallerAndWhenToStop) {
  EXPECT_EQ(call<std::string>("calculator", "who"), "caller");
  EXPECT_FALSE(call<bool>("calculator", "timed"));
  FakeInvocation invocation;
  std::thread waiting([&] { run(invocation, module_bytes("calculator"), "wait_for_stop"); });
  invocation.stop.request_stop();
  waiting.join();
  EXPECT_TRUE(invocation.get<bool>());
}

TEST_F(Modules, AreLoadedOnceHoweverManyBringThem) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([this] { call<int>("calculator", "count"); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(call<int>("calculator", "count"), 9);
  EXPECT_EQ(table_.stats().modules, 1u);
}

TEST_F(Modules, WithAnyByteFlippedAreNotLoaded) {
  const auto hash = base::sha256(module_bytes("calculator"));
  auto code = module_bytes("calculator");
  const auto none = arguments_of();
  for (std::size_t at = 0; at < code.size(); at += 1 + code.size() / 300) {
    code[at] ^= std::byte{1};
    FakeInvocation invocation;
    const auto failure = refusal_of([&] { table_.run({hash, base::Bytes(code), "count", none}, invocation); });
    EXPECT_EQ(failure.code, ErrorCode::unusable_code) << at;
    code[at] ^= std::byte{1};
  }
  EXPECT_EQ(table_.stats().modules, 0u);
}

TEST_F(Modules, ThatTheLoaderRefusesLeaveNoTrace) {
  for (int i = 0; i < 2; ++i) {
    const auto failure = refusal(module_bytes("missing_symbol"), "call_it");
    EXPECT_EQ(failure.code, ErrorCode::unusable_code);
    EXPECT_THAT(failure.message, HasSubstr("defined_nowhere"));
  }
  EXPECT_EQ(refusal(module_bytes("without_table"), "answer").code, ErrorCode::unusable_code);
  EXPECT_EQ(table_.stats().modules, 0u);
  EXPECT_EQ(table_.stats().bytes, 0u);
}

TEST_F(Modules, ThatCannotSayWhatTheyExportCountAndStayRefused) {
  for (int i = 0; i < 2; ++i) {
    const auto failure = refusal(module_bytes("badly_named"), "one", 1);
    EXPECT_EQ(failure.code, ErrorCode::unusable_code);
    EXPECT_THAT(failure.message, HasSubstr("cannot say what it exports"));
  }
  EXPECT_EQ(table_.stats().modules, 1u) << "it cannot be unloaded";
}

TEST(ModuleLimits, AreNumberAndBytes) {
  const auto run = [](ModuleTable& table, std::string_view name) {
    const auto code = module_bytes(name);
    const auto none = arguments_of();
    FakeInvocation invocation;
    table.run({base::sha256(code), base::Bytes(code), "version", none}, invocation);
    return invocation.get<int>();
  };
  ModuleTable one({.modules = 1});
  EXPECT_EQ(run(one, "version_1"), 1);
  const auto many = refusal_of([&] { run(one, "version_2"); });
  EXPECT_EQ(many.code, ErrorCode::unusable_code);
  EXPECT_THAT(many.message, HasSubstr("the limit"));
  EXPECT_EQ(run(one, "version_1"), 1) << "what is there goes on";

  ModuleTable small({.bytes = 10000});
  const auto large = refusal_of([&] { run(small, "version_1"); });
  EXPECT_EQ(large.code, ErrorCode::unusable_code);
  EXPECT_THAT(large.message, HasSubstr("10000"));
  EXPECT_EQ(small.stats().bytes, 0u);
}

}  // namespace
}  // namespace daffi::rpc
