/// @file  BROADCAST: everybody's own outcome, and what becomes of those who fail, leave or refuse.
#include "daffi/broadcast.hpp"

#include <stdexcept>

#include "unit/global/broadcast_fixture.hpp"

namespace broadcasts {
namespace {

// Nobody, and nothing sent.

TEST_F(BroadcastTest, ToNobodyIsTheErrorOfAnUnknownFunction) {
  everywhere("g", [](const std::string&) { return 1; });
  const auto error = error_of([&] { return f(); });
  const auto alone = error_of([&] { return daffi::Fetch<int()>(client, "f")(); });
  ASSERT_TRUE(error && alone);
  EXPECT_EQ(error->code(), ErrorCode::unknown_callback);
  EXPECT_EQ(error->message(), alone->message());
  EXPECT_THROW(f(), daffi::GlobalContextError);
}

TEST_F(BroadcastTest, DoesNotReachItsOwnProcess) {
  client.callback("f", [] { return 5; });
  EXPECT_EQ(error_of([&] { return f(); })->code(), ErrorCode::unknown_callback);
  a.callback("f", [] { return 1; });
  cluster.settle();
  EXPECT_THAT(f(), ElementsAre(Key("a")));
}

TEST_F(BroadcastTest, ArgumentsThatNobodyTakesAreNotSent) {
  everywhere("f", [](const std::string&) { return 1; });
  const auto error = error_of([&] { return client.call("f", 1, 2) & BROADCAST{}; });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::wrong_arguments);
  EXPECT_THAT(error->message(), HasSubstr("provided arguments: (1, 2)"));
  EXPECT_EQ(client.stats().calls_sent, 0u);
}

TEST_F(BroadcastTest, ArgumentsThatSomeTakeAreTheOthersOwnErrors) {
  a.callback("f", [](int number) { return number; });
  b.callback("f", [] { return 7; });
  cluster.settle();
  const auto all = client.call("f", 1) & BROADCAST{};
  EXPECT_EQ(all.at("a")->as<int>(), 1);
  ASSERT_FALSE(all.at("b").ok());
  EXPECT_EQ(all.at("b").error()->code(), ErrorCode::remote_arguments);
}

TEST_F(BroadcastTest, ArgumentsThatDoNotFitIntoAFrameAreRefused) {
  a.callback("f", [](const std::string& text) { return text.size(); });
  cluster.settle();
  EXPECT_THROW(client.call("f", std::string(300'000, 'x')) & BROADCAST{}, daffi::TooLargeError);
  EXPECT_EQ((client.call("f", std::string(200'000, 'x')) & BROADCAST{}).at("a")->as<int>(), 200'000);
}

TEST_F(BroadcastTest, OfAStreamIsRefused) {
  daffi::detail::CallbackSpec spec;
  spec.name = "f";
  spec.signature.stream = true;
  spec.handler = [](daffi::detail::Invocation&) {};
  daffi::detail::lock_core(daffi::detail::core_of(a))->add_callback(std::move(spec));
  cluster.settle();
  const auto error = error_of([&] { return f(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::invalid_modifier);
  EXPECT_THAT(error->message(), HasSubstr("stream"));
}

TEST_F(BroadcastTest, RefusesNegativeTimes) {
  EXPECT_THROW(f.call(BROADCAST{.timeout = -1}), daffi::GlobalContextError);
  EXPECT_THROW(f.call(BROADCAST{.eta = -1}), daffi::GlobalContextError);
}

// Some fail.

TEST_F(BroadcastTest, OneThatFailsSpoilsNobodyElsesResult) {
  everywhere("f", [](const std::string& name) -> int {
    if (name == "b") throw std::runtime_error("no " + name);
    return name == "a" ? 1 : 3;
  });
  const auto all = f();
  ASSERT_THAT(all, ElementsAre(Key("a"), Key("b"), Key("c")));
  EXPECT_EQ(*all.at("a"), 1);
  EXPECT_EQ(all.at("c").value(), 3);
  EXPECT_EQ(all.at("a").error(), nullptr);
  const auto& failed = all.at("b");
  EXPECT_FALSE(failed);
  EXPECT_THROW(failed.value(), daffi::RemoteCallError);
  EXPECT_THROW(*failed, daffi::RemoteCallError);
  ASSERT_NE(failed.error(), nullptr);
  EXPECT_EQ(failed.error()->remote()->message, "no b");
  EXPECT_EQ(failed.error()->remote()->process, "b");
  const auto alone =
      error_of([&] { return daffi::Fetch<int()>(client, "f").call(daffi::FG{.timeout = {}, .receiver = "b"}); });
  ASSERT_TRUE(alone);
  EXPECT_EQ(failed.error()->message(), alone->message()) << "as if it had been called by itself";
}

TEST_F(BroadcastTest, AResultOfAnotherTypeIsThatProcesssError) {
  a.callback("f", [] { return 1; });
  b.callback("f", [] { return std::string("one"); });
  cluster.settle();
  const auto all = f();
  EXPECT_EQ(*all.at("a"), 1);
  EXPECT_EQ(all.at("b").error()->code(), ErrorCode::result_mismatch);
}

TEST_F(BroadcastTest, OneThatDiesMeanwhileIsAnErrorAtOnce) {
  hangs_at(a);
  everywhere("g", [](const std::string&) { return 1; });
  b.callback("f", [] { return 2; });
  cluster.settle();
  const auto began = cluster.now();
  const auto result = f.start(BROADCAST{});
  cluster.settle();
  cluster.isolate("a");
  const auto all = result.get();
  EXPECT_LT(cluster.now() - began, 2s);
  EXPECT_EQ(*all.at("b"), 2);
  EXPECT_THROW(all.at("a").value(), daffi::RemoteStoppedUnexpectedly);
  EXPECT_EQ(all.at("a").error()->code(), ErrorCode::remote_stopped);
  EXPECT_EQ(client.stats().pending_calls, 0u);
}

TEST_F(BroadcastTest, OneThatLeavesMeanwhileIsAnError) {
  hangs_at(a);
  b.callback("f", [] { return 2; });
  cluster.settle();
  const auto result = f.start(BROADCAST{});
  cluster.settle();
  a.stop(0);
  const auto all = result.get();
  EXPECT_EQ(*all.at("b"), 2);
  EXPECT_THROW(all.at("a").value(), daffi::Error);
}

TEST_F(BroadcastTest, OneThatIsBusyDidNotRunIt) {
  daffi::GlobalOptions narrow;
  narrow.handler_threads = 1;
  auto& busy = cluster.node("busy", narrow);
  int ran = 0;
  busy.callback("f", [&ran] { return ++ran; });
  a.callback("f", [] { return 1; });
  // Asked from inside its only thread's callback, it has none left.
  daffi::Outcomes<int> all;
  busy.callback("ask", [&] { all = f(); });
  cluster.settle();
  client.call("ask") & daffi::FG{};
  ASSERT_THAT(all, ElementsAre(Key("a"), Key("busy")));
  EXPECT_EQ(*all.at("a"), 1);
  EXPECT_THROW(all.at("busy").value(), daffi::BusyError);
  ASSERT_FALSE(all.at("busy").ok());
  EXPECT_FALSE(all.at("busy").error()->may_have_run());
  EXPECT_EQ(ran, 0);
}

TEST_F(BroadcastTest, OneThatBeganToDrainOnTheWayDidNotRunIt) {
  a.callback("f", [] { return 1; });
  b.callback("f", [] { return 2; });
  b.callback("hang", [this](daffi::CallContext& context) -> daffi::Task<int> { return hang(context); });
  cluster.settle();
  const auto held = client.call("hang") & BG{};
  cluster.settle();
  const auto result = f.start(BROADCAST{});
  b.stop(2s);
  const auto all = result.get();
  EXPECT_EQ(*all.at("a"), 1);
  ASSERT_FALSE(all.at("b").ok());
  EXPECT_EQ(all.at("b").error()->code(), ErrorCode::draining);
}

TEST_F(BroadcastTest, WhoIsDrainingIsNotAsked) {
  a.callback("f", [] { return 1; });
  b.callback("f", [] { return 2; });
  b.callback("stop_soon", [this](daffi::CallContext& context) -> daffi::Task<int> { return hang(context); });
  cluster.settle();
  const auto held = client.call("stop_soon") & BG{};
  cluster.settle();
  std::vector<std::string> names;
  a.callback("ask", [&] {
    for (const auto& [name, outcome] : f()) names.push_back(name);
  });
  const auto asked = daffi::Fetch<void(), BG>(client, "ask").call(BG{.eta = 1s});
  b.stop(3s);  // the second broadcast falls into it
  asked.get();
  EXPECT_THAT(names, ElementsAre("a"));
}

TEST_F(BroadcastTest, WhenTheControllerIsLostWhoHasNotAnsweredIsAnError) {
  hangs_at(a);
  b.callback("f", [] { return 2; });
  cluster.settle();
  const auto result = f.start(BROADCAST{});
  cluster.settle();
  cluster.stop_controller();
  const auto all = result.get();
  EXPECT_EQ(*all.at("b"), 2);
  EXPECT_EQ(all.at("a").error()->code(), ErrorCode::lost_controller);
}

TEST_F(BroadcastTest, StoppingTheGlobalEndsIt) {
  hangs_at(a);
  cluster.settle();
  const auto result = f.start(BROADCAST{});
  cluster.settle();
  client.stop(0);
  EXPECT_EQ(error_of([&] { return result.get(); })->code(), ErrorCode::cancelled) << "it may have run";
}

// As it should be.

TEST_F(BroadcastTest, GivesEverybodysResult) {
  everywhere("f", [](const std::string& name) { return static_cast<int>(name[0]); });
  const auto all = f();
  ASSERT_THAT(all, ElementsAre(Key("a"), Key("b"), Key("c")));
  for (const auto& [name, outcome] : all) EXPECT_EQ(*outcome, name[0]);
  EXPECT_EQ(client.stats().calls_sent, 1u);
}

TEST_F(BroadcastTest, TakesArgumentsAndGivesNothingWhereThereIsNothing) {
  std::vector<std::string> seen;
  for (daffi::Global* g : {&a, &b}) {
    g->callback("note", [g, &seen](const std::string& word) { seen.push_back(g->process_name() + word); });
  }
  cluster.settle();
  const daffi::Fetch<void(std::string), BROADCAST> note(client, "note");
  const auto all = note("!");
  ASSERT_THAT(all, ElementsAre(Key("a"), Key("b")));
  EXPECT_TRUE(all.at("a").ok());
  EXPECT_NO_THROW(all.at("b").value());
  EXPECT_THAT(seen, testing::UnorderedElementsAre("a!", "b!"));
}

struct Menus : daffi::FetcherWith<BROADCAST> {
  using FetcherWith::FetcherWith;
  Fetch<std::string(std::string)> menu{*this, "menu"};
};

TEST_F(BroadcastTest, IsAModifierOfAWholeFetcher) {
  a.callback("menu", [](const std::string& day) { return "soup on " + day; });
  cluster.settle();
  const Menus menus(client, BROADCAST{.timeout = 5s});
  EXPECT_EQ(*menus.menu("monday").at("a"), "soup on monday");
  const daffi::Fetch<std::string(std::string)> plain(client, "menu");
  EXPECT_EQ(plain.call(BROADCAST{}, "sunday").at("a")->size(), 14u);
}

TEST_F(BroadcastTest, WithoutTypesGivesValues) {
  everywhere("f", [](const std::string& name) { return name; });
  const auto lazy = client.call("f");
  EXPECT_EQ((lazy & BROADCAST{}).at("b")->as<std::string>(), "b");
  EXPECT_EQ(lazy.start(BROADCAST{}).get().at("c")->as<std::string>(), "c");
}

daffi::Task<int> sum_of_all(daffi::Fetch<int(), BROADCAST> f) {
  const auto all = co_await f.start(BROADCAST{.timeout = 5s});
  int sum = 0;
  for (const auto& [name, outcome] : all) sum += *outcome;
  co_return sum;
}

TEST_F(BroadcastTest, IsAwaitedByATask) {
  everywhere("f", [](const std::string& name) { return name == "a" ? 1 : 10; });
  EXPECT_EQ(daffi::sync_wait(sum_of_all(f)), 21);
}

TEST_F(BroadcastTest, WithoutResultsIsGivenToAllAndForgotten) {
  int ran = 0;
  for (daffi::Global* g : {&a, &b, &c}) g->callback("f", [&ran] { return ++ran; });
  cluster.settle();
  EXPECT_THAT(f.call(BROADCAST{.return_result = false}), IsEmpty());
  EXPECT_EQ(client.stats().pending_calls, 1u);
  cluster.settle();
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(client.stats().pending_calls, 0u) << "all have acknowledged it";
  EXPECT_FALSE(f.start(BROADCAST{.return_result = false}).valid());
  cluster.settle();
  EXPECT_EQ(ran, 6);
  EXPECT_EQ(error_of([&] { return client.call("nobody") & BROADCAST{.return_result = false}; })->code(),
            ErrorCode::unknown_callback);
}

TEST_F(BroadcastTest, WithoutResultsIsFlushedByStop) {
  int ran = 0;
  for (daffi::Global* g : {&a, &b, &c}) g->callback("f", [&ran] { return ++ran; });
  cluster.settle();
  f.call(BROADCAST{.return_result = false});
  client.stop(0);
  cluster.settle();
  EXPECT_EQ(ran, 3);
}

TEST_F(BroadcastTest, ManyAtOnceDoNotMixTheirAnswers) {
  for (daffi::Global* g : {&a, &b, &c}) g->callback("echo", [](int number) { return number; });
  cluster.settle();
  const daffi::Fetch<int(int), BROADCAST> echo(client, "echo");
  std::vector<daffi::AsyncResult<daffi::Outcomes<int>>> results;
  for (int i = 0; i < 50; ++i) results.push_back(echo.start(BROADCAST{}, i));
  for (int i = 0; i < 50; ++i) {
    const auto all = results[static_cast<std::size_t>(i)].get();
    ASSERT_EQ(all.size(), 3u);
    for (const auto& [name, outcome] : all) EXPECT_EQ(*outcome, i);
  }
}

}  // namespace
}  // namespace broadcasts
