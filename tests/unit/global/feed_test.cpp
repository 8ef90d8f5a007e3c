/// @file  Streams from fetchers to callbacks, across a cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "daffi/testing.hpp"

namespace {

using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

struct FeedTest : testing::Test {
  Cluster cluster;
  daffi::Global& one = cluster.node("one");
  daffi::Global& two = cluster.node("two");
  daffi::Global& client = cluster.node("client");
  std::vector<int> at_one, at_two;
  int asked = 0;
  bool source_gone = false;

  void offer() {
    one.callback("take", [this](int item) { at_one.push_back(item); });
    two.callback("take", [this](int item) { at_two.push_back(item); });
    cluster.settle();
  }
  daffi::Generator<int> numbers(int end) {
    struct Gone {
      bool& gone;
      ~Gone() { gone = true; }
    } const gone{source_gone};
    for (asked = 0; asked < end; ++asked) co_yield asked;
  }
  daffi::Task<void> slow(int item) {
    at_two.push_back(item);
    co_await two.wait_function_async("go");
  }
  template <typename M = daffi::FG>
  daffi::Fetch<void(int), M> take(M modifier = {}) {
    return {client, "take", [this](int end) { return numbers(end); }, std::move(modifier)};
  }
};

TEST_F(FeedTest, ReachesEveryHolderInOrder) {
  offer();
  take()(3000);
  EXPECT_EQ(at_one.size(), 3000u);
  EXPECT_EQ(at_one, at_two);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(at_one[static_cast<std::size_t>(i)], i);
  EXPECT_TRUE(source_gone);
  EXPECT_EQ(client.stats().pending_calls, 0u);
  EXPECT_EQ(one.stats().running_calls, 0u);
}

TEST_F(FeedTest, ReachesTheNamedReceiverAlone) {
  offer();
  take().call(daffi::FG{.receiver = "two"}, 3);
  EXPECT_THAT(at_one, ElementsAre());
  EXPECT_THAT(at_two, ElementsAre(0, 1, 2));
  EXPECT_THROW(take().call(daffi::FG{.receiver = "nobody"}, 3), daffi::GlobalContextError);
}

TEST_F(FeedTest, GivesAnAsyncResultInTheBackground) {
  offer();
  auto result = take().call(daffi::BG{.eta = 2s}, 5000);
  EXPECT_FALSE(result.ready());
  cluster.settle();
  EXPECT_EQ(asked, 0);
  const auto before = cluster.now();
  result.get();
  EXPECT_LE(cluster.now() - before, 2s);
  EXPECT_EQ(at_one.size(), 5000u);
  EXPECT_FALSE(take().call(daffi::BG{.return_result = false}, 3).valid());
  cluster.settle();
  EXPECT_EQ(at_one.size(), 5003u);
}

TEST_F(FeedTest, TakesSeveralArgumentsAndKeywords) {
  std::vector<std::string> got;
  const auto add = [&](const std::string& item, int count) { got.push_back(item + std::to_string(count)); };
  one.callback("add", add, daffi::params("item", "count"));
  cluster.settle();
  daffi::Fetch<void()> pairs{client, "add", []() -> daffi::Generator<std::tuple<std::string, int>> {
                               co_yield {"a", 1};
                               co_yield {"b", 2};
                             }};
  pairs();
  using Named = daffi::Args<std::string, daffi::Keyword<int>>;
  daffi::Fetch<void()> named{client, "add",
                             []() -> daffi::Generator<Named> { co_yield Named("c", daffi::kw("count", 3)); }};
  named();
  EXPECT_THAT(got, ElementsAre("a1", "b2", "c3"));
}

TEST_F(FeedTest, RefusesAnEmptyStream) {
  offer();
  try {
    take()(0);
    FAIL();
  } catch (const daffi::InitializationError& error) {
    EXPECT_EQ(error.message(), "Stream is empty");
  }
  EXPECT_THROW(take().call(daffi::BG{}, 0).get(), daffi::InitializationError);
}

TEST_F(FeedTest, RefusesWhatDoesNotFitBeforeItIsSent) {
  one.callback("pair", [](int, int) {});
  one.callback("yields", []() -> daffi::Generator<int> { co_yield 1; });
  cluster.settle();
  const auto body = [this] { return numbers(3); };
  EXPECT_THROW((daffi::Fetch<void()>(client, "pair", body)()), daffi::GlobalContextError);
  EXPECT_THROW((daffi::Fetch<void()>(client, "yields", body)()), daffi::GlobalContextError);
  EXPECT_THROW((daffi::Fetch<void()>(client, "nobody", body)()), daffi::GlobalContextError);
  EXPECT_EQ(client.stats().calls_sent, 0u);
  EXPECT_TRUE(source_gone);
}

TEST_F(FeedTest, EndsEverywhereWithTheErrorOfOneReceiver) {
  one.callback("take", [this](int item) { at_one.push_back(item); });
  two.callback("take", [this](int item) {
    if (item == 100) throw std::out_of_range("a hundred is too much");
    at_two.push_back(item);
  });
  cluster.settle();
  try {
    take()(1'000'000);
    FAIL();
  } catch (const daffi::RemoteCallError& error) {
    EXPECT_THAT(error.message(), HasSubstr("[two]"));
    EXPECT_THAT(error.message(), HasSubstr("a hundred is too much"));
    EXPECT_EQ(error.remote()->type, "std::out_of_range");
    EXPECT_EQ(error.remote()->process, "two");
  }
  EXPECT_EQ(at_two.size(), 100u);
  EXPECT_TRUE(source_gone);
  EXPECT_LT(asked, 10'000);
  cluster.settle();
  const auto taken = at_one.size();
  cluster.advance(1s);
  EXPECT_EQ(at_one.size(), taken);
  EXPECT_EQ(one.stats().running_calls, 0u);
  EXPECT_EQ(client.stats().pending_calls, 0u);
}

// What error the one receiver that cannot take an item ends the whole with.
struct NeverUnrun : FeedTest {
  void expect_may_have_run() {
    try {
      take()(1000);
      FAIL();
    } catch (const daffi::RemoteCallError& error) {
      EXPECT_TRUE(error.may_have_run());
      EXPECT_THAT(error.message(), HasSubstr("two"));
    }
    EXPECT_EQ(client.stats().pending_calls, 0u);
  }
};

TEST_F(NeverUnrun, IsAFeedOfWhichOneReceiverHasTakenItems) {
  one.callback("take", [this](int item) { at_one.push_back(item); });
  two.callback("take", [](const std::string&) {});
  cluster.settle();
  expect_may_have_run();
}

TEST_F(NeverUnrun, IsAFeedWhoseFirstItemsWereTaken) {
  two.callback("take", [this](std::uint8_t item) { at_two.push_back(item); });
  cluster.settle();
  expect_may_have_run();
}

TEST_F(FeedTest, PassesTheSourcesOwnErrorOn) {
  offer();
  struct Mine : std::runtime_error {
    using runtime_error::runtime_error;
  };
  daffi::Fetch<void()> fails{client, "take", []() -> daffi::Generator<int> {
                               co_yield 1;
                               throw Mine("the source is dry");
                             }};
  EXPECT_THROW(fails(), Mine);
  auto later = fails.call(daffi::BG{});
  EXPECT_THROW(later.get(), Mine);
  EXPECT_THROW(later.get(), Mine) << "may be asked again";
  cluster.settle();
  EXPECT_EQ(one.stats().running_calls, 0u);
}

TEST_F(FeedTest, NamesTheReceiverThatDies) {
  offer();
  daffi::Fetch<void()> body{client, "take", [this]() -> daffi::Generator<int> {
                              for (int i = 0;; ++i) {
                                if (i == 5000) cluster.isolate("two");
                                co_yield i;
                              }
                            }};
  try {
    body();
    FAIL();
  } catch (const daffi::RemoteStoppedUnexpectedly& error) {
    EXPECT_THAT(error.message(), HasSubstr("two"));
  }
  cluster.settle();
  EXPECT_EQ(one.stats().running_calls, 0u);
}

TEST_F(FeedTest, StopsTheReceiversWhenItsCallerDies) {
  offer();
  daffi::Fetch<void(), daffi::BG> body{client, "take", [this]() -> daffi::Generator<int> {
                                         for (const int item : numbers(100'000'000)) {
                                           if (item == 5000) cluster.isolate("client");
                                           co_yield item;
                                         }
                                       }};
  auto result = body();
  cluster.settle();
  EXPECT_TRUE(source_gone);
  EXPECT_EQ(one.stats().running_calls, 0u);
  EXPECT_THROW(result.get(), daffi::RemoteStoppedUnexpectedly);
}

TEST_F(FeedTest, IsCancelledBeforeItsEtaAtOnce) {
  offer();
  auto result = take().call(daffi::BG{.eta = 3600s}, 5);
  cluster.settle();
  const auto before = cluster.now();
  result.cancel();
  EXPECT_THROW(result.get(), daffi::CancelledError);
  EXPECT_LT(cluster.now() - before, 1s);
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(client.stats().pending_calls, 0u);
}

TEST_F(FeedTest, GoesAtThePaceOfTheSlowest) {
  one.callback("take", [this](int item) { at_one.push_back(item); });
  // A coroutine that waits until it is told: no item is taken before the last one has returned.
  two.callback("take", [this](int item) { return slow(item); });
  cluster.settle();
  auto result = take().call(daffi::BG{}, 10'000);
  cluster.settle();
  EXPECT_EQ(at_two.size(), 1u);
  EXPECT_LE(asked, 2048 + 1);
  EXPECT_LE(at_one.size(), 2048u);
  client.callback("go", [] {});
  result.get();
  EXPECT_EQ(at_two.size(), 10'000u);
}

TEST_F(FeedTest, IsEndedWhenItsCallbackIsUnregistered) {
  const auto registration = two.callback("take", [this](int item) { at_two.push_back(item); });
  cluster.settle();
  const auto waiting = [](daffi::Global& g) -> daffi::AsyncGenerator<int> {
    co_yield 1;
    co_await g.wait_function_async("go");
    co_yield 2;
  };
  auto result = daffi::Fetch<void(), daffi::BG>(client, "take", [&] { return waiting(client); })();
  cluster.settle();
  EXPECT_EQ(at_two.size(), 1u);
  registration.unregister();
  client.callback("go", [] {});
  EXPECT_THROW(result.get(), daffi::CancelledError);
  EXPECT_EQ(at_two.size(), 1u);
  EXPECT_EQ(two.stats().running_calls, 0u);
}

TEST_F(FeedTest, IsCancelledByItsResultAndByTime) {
  two.callback("take", [this](int item) { return slow(item); });
  cluster.settle();
  auto result = take().call(daffi::BG{}, 10'000);
  cluster.settle();
  result.cancel();
  EXPECT_THROW(result.get(), daffi::CancelledError);
  cluster.settle();
  EXPECT_TRUE(source_gone);
  EXPECT_THROW(take().call(daffi::FG{.timeout = 2s}, 10'000), daffi::TimeoutError);
  client.stop();
  EXPECT_THROW(take()(1), daffi::GlobalContextError);
}

TEST_F(FeedTest, AsksAnAsyncGenerator) {
  offer();
  two.callback("square", [](int x) { return x * x; });
  cluster.settle();
  const auto squares = [](daffi::Global& g) -> daffi::AsyncGenerator<int> {
    daffi::Fetch<int(int), daffi::BG> square{g, "square"};
    for (int i = 0; i < 3; ++i) {
      const int result = co_await square(i);
      co_yield result;
    }
  };
  daffi::Fetch<void()> feed{client, "take", [&] { return squares(client); }};
  feed();
  EXPECT_THAT(at_one, ElementsAre(0, 1, 4));
  feed.call(daffi::BG{}).get();
  EXPECT_EQ(at_two.size(), 6u);
}

}  // namespace
