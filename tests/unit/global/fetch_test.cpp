/// @file  Fetches: bodies, aliases, modifiers, and what goes wrong on the caller's side.
#include "daffi/fetcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "daffi/testing.hpp"

namespace {

using daffi::BG;
using daffi::FG;
using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::HasSubstr;

struct Calculator : daffi::Fetcher {
  using Fetcher::Fetcher;
  daffi::Fetch<int(int, int)> subtract{*this, "subtract"};
  daffi::Fetch<int(int, int)> as_tuple{*this, "subtract", [this](int a, int b) { return std::tuple{a * scale, b}; }};
  daffi::Fetch<int(int, int)> as_args{*this, daffi::alias("subtract"), [](int a, int b) {
                                        return daffi::Args{b, daffi::kw("b", a)};
                                      }};
  daffi::Fetch<int(), BG> later{*this, "subtract", [] { return daffi::Args{5, 3}; }};
  int scale = 10;
};

struct Background : daffi::FetcherWith<BG> {
  using FetcherWith::FetcherWith;
  Fetch<int(int, int)> subtract{*this, "subtract"};
};

struct FetchTest : testing::Test {
  Cluster cluster;
  daffi::Global& service = cluster.node("service");
  daffi::Global& client = cluster.node("client");

  FetchTest() {
    service.callback(
        "subtract", [](int a, int b) { return a - b; }, daffi::params("a", "b"));
    service.callback("count", [](daffi::Variadic<std::string> words) { return words.size(); });
    service.callback("hang", [this](daffi::CallContext& context) -> daffi::Task<int> { return hang(context); });
    cluster.settle();
  }
  /// A callback that does not end: it waits for a process that never comes.
  daffi::Task<int> hang(daffi::CallContext context) {
    stop = context.stop_token();
    co_await service.wait_process_async("nobody");
    co_return 1;
  }
  std::stop_token stop;
};

template <typename Call>
std::optional<daffi::Error> error_of(Call call) {
  try {
    call();
  } catch (const daffi::Error& error) {
    return error;
  }
  return std::nullopt;
}

TEST_F(FetchTest, OfAnUnknownCallbackListsWhatThereIs) {
  const auto error = error_of([&] { daffi::Fetch<int()>(client, "substract")(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), daffi::ErrorCode::unknown_callback);
  EXPECT_THAT(error->message(), HasSubstr("process: service\n  - [ subtract, count, hang ]"));
}

TEST_F(FetchTest, WithTooFewArgumentsSaysSoBeforeAnythingIsSent) {
  const auto before = client.stats().calls_sent;
  const auto error = error_of([&] { daffi::Fetch<int(int)>(client, "subtract")(1); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), daffi::ErrorCode::wrong_arguments);
  EXPECT_THAT(error->message(), HasSubstr("missing 1 required positional argument: 'b'"));
  EXPECT_THAT(error->message(), HasSubstr("provided arguments: (1)"));
  EXPECT_EQ(client.stats().calls_sent, before);
}

TEST_F(FetchTest, AsksForAnotherTypeThanItGets) {
  const auto error = error_of([&] { daffi::Fetch<std::string(int, int)>(client, "subtract")(1, 2); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), daffi::ErrorCode::result_mismatch);
  EXPECT_THAT(error->message(), HasSubstr("The result of function 'subtract' is not str"));
}

TEST_F(FetchTest, ThatNamesAReceiverGoesNowhereElse) {
  daffi::Fetch<int(int, int)> subtract(client, "subtract", FG{.receiver = "nobody"});
  EXPECT_EQ(error_of([&] { subtract(1, 2); })->code(), daffi::ErrorCode::unknown_receiver);
  subtract.set_modifier(FG{.receiver = "service"});
  EXPECT_EQ(subtract(5, 2), 3);
}

TEST_F(FetchTest, TimesOutExactlyAndTellsTheCallee) {
  const auto began = cluster.now();
  const auto error = error_of([&] { daffi::Fetch<int()>(client, "hang", FG{.timeout = "1m24s"})(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), daffi::ErrorCode::timeout);
  EXPECT_THAT(error->message(), HasSubstr("Function hang result timed out"));
  EXPECT_EQ(cluster.now() - began, 84s);
  cluster.settle();
  EXPECT_TRUE(stop.stop_requested());
  EXPECT_EQ(client.stats().pending_calls, 0u);
}

TEST_F(FetchTest, RefusesANegativeTimeout) {
  EXPECT_THROW(daffi::Fetch<int()>(client, "hang", FG{.timeout = -1}), daffi::GlobalContextError);
  daffi::Fetch<int()> hang(client, "hang");
  EXPECT_THROW((void)hang.call(BG{.eta = -1}), daffi::GlobalContextError);
}

TEST_F(FetchTest, OutlivesItsGlobalHarmlessly) {
  cluster.node("brief");
  daffi::Fetch<int(int, int)> subtract(cluster.node("brief"), "subtract");
  EXPECT_EQ(subtract(2, 1), 1);
  cluster.remove("brief");
  EXPECT_EQ(error_of([&] { subtract(2, 1); })->code(), daffi::ErrorCode::stopped);
}

TEST_F(FetchTest, UnderWayWhenItsGlobalIsStoppedMayHaveRun) {
  const auto pending = daffi::Fetch<int()>(client, "hang").call(BG{});
  cluster.settle();
  client.stop(0);
  const auto error = error_of([&] { return pending.get(); });
  EXPECT_EQ(error->code(), daffi::ErrorCode::cancelled);
  EXPECT_TRUE(error->may_have_run());
}

TEST_F(FetchTest, WithABodySendsWhatTheBodyReturns) {
  Calculator calculator(client);
  EXPECT_EQ(calculator.subtract(5, 3), 2);
  EXPECT_EQ(calculator.as_tuple(5, 3), 47);
  EXPECT_EQ(calculator.as_args(5, 3), -2);
  EXPECT_EQ(calculator.later().get(), 2);
  daffi::Fetch<int(std::vector<std::string>)> one(client, "count",
                                                  [](const std::vector<std::string>& words) { return words.at(0); });
  EXPECT_EQ(one({"a", "b"}), 1);
}

TEST_F(FetchTest, WithABodyTakesNoKeywords) {
  Calculator calculator(client);
  EXPECT_EQ(error_of([&] { calculator.as_tuple(5, daffi::kw("b", 1)); })->code(), daffi::ErrorCode::wrong_arguments);
}

TEST_F(FetchTest, TakesKeywordsForParametersLeftOut) {
  daffi::Fetch<int(int, int)> subtract(client, "subtract");
  EXPECT_EQ(subtract(5, daffi::kw("b", 1)), 4);
  EXPECT_EQ(subtract(daffi::kw("b", 1), daffi::kw("a", 2)), 1);
  EXPECT_EQ(subtract.call(BG{}, 5, daffi::kw("b", 2)).get(), 3);
}

TEST_F(FetchTest, TakesAnyNumberOfArgumentsForAVariadic) {
  daffi::Fetch<int(daffi::Variadic<std::string>)> count(client, "count");
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(count("a", std::string("b"), "c"), 3);
  EXPECT_EQ(count(daffi::Variadic<std::string>{{"x", "y"}}), 2);
}

TEST_F(FetchTest, HasTheModifierOfItsClassUnlessToldOtherwise) {
  Background background(client, BG{.timeout = 3s, .eta = 2s});
  const auto began = cluster.now();
  const daffi::AsyncResult<int> result = background.subtract(3, 1);
  EXPECT_EQ(result.get(), 2);
  EXPECT_GE(cluster.now() - began, 2s) << "eta";
  EXPECT_EQ(background.subtract.call(FG{}, 3, 1), 2);
  background.subtract.set_modifier(BG{});
  const auto again = cluster.now();
  EXPECT_EQ(background.subtract(3, 1).get(), 2);
  EXPECT_LT(cluster.now() - again, 1s);
}

TEST_F(FetchTest, MayBePointedAtAnotherCallback) {
  daffi::Fetch<int(int, int)> fetch(client, "nothing");
  fetch.set_alias("subtract");
  EXPECT_EQ(fetch.alias(), "subtract");
  EXPECT_EQ(fetch(2, 1), 1);
}

TEST_F(FetchTest, ForgottenIsSentAllTheSame) {
  int runs = 0;
  service.callback("note", [&runs] { ++runs; });
  cluster.settle();
  daffi::Fetch<void(), BG> note(client, "note");
  const auto result = note.call(BG{.return_result = false});
  EXPECT_FALSE(result.valid());
  EXPECT_EQ(error_of([&] { result.get(); })->code(), daffi::ErrorCode::invalid_modifier);
  note();  // dropped at once
  cluster.settle();
  EXPECT_EQ(runs, 2);
}

TEST_F(FetchTest, UntypedCallsRunOncePerModifier) {
  int runs = 0;
  service.callback("note", [&runs](int by) { return runs += by; });
  cluster.settle();
  const auto note = client.call("note", 5);
  EXPECT_EQ(runs, 0);
  EXPECT_EQ((note & FG{}).as<int>(), 5);
  EXPECT_EQ((note & BG{.timeout = 1s}).get().as<int>(), 10);
}

}  // namespace
