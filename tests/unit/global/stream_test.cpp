/// @file  Streams from callbacks to their callers, across a cluster.
#include "daffi/stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "daffi/testing.hpp"

namespace {

using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

struct Gone {
  int* count;
  explicit Gone(int& counter) : count(&counter) {}
  Gone(const Gone&) = delete;
  Gone& operator=(const Gone&) = delete;
  ~Gone() { ++*count; }
};

daffi::Generator<int> count_to(int end) {
  for (int i = 0; i < end; ++i) co_yield i;
}

template <typename T>
std::vector<T> all(daffi::Stream<T> stream) {
  std::vector<T> items;
  for (auto& item : stream) items.push_back(std::move(item));
  return items;
}

struct StreamTest : testing::Test {
  Cluster cluster;
  daffi::Global& service = cluster.node("service");
  daffi::Global& client = cluster.node("client");
  int made = 0, destroyed = 0;

  // Counts what was yielded, and the ends of its generators.
  void offer_endless(const std::string& name) {
    service.callback(name, [this](std::string padding) -> daffi::Generator<std::string> {
      const Gone gone(destroyed);
      for (;;) {
        ++made;
        co_yield padding;
      }
    });
    cluster.settle();
  }
};

TEST_F(StreamTest, GivesEveryItemInOrderAndThenEnds) {
  service.callback("count_to", count_to);
  cluster.settle();
  daffi::Fetch<daffi::Stream<int>(int)> count{client, "count_to"};
  EXPECT_THAT(all(count(3)), ElementsAre(0, 1, 2));
  EXPECT_THAT(all(count(0)), ElementsAre());
  EXPECT_THAT(all(count.call(daffi::BG{.eta = 2s}, 2)), ElementsAre(0, 1));
  const auto many = all(count(100'000));
  ASSERT_EQ(many.size(), 100'000u);
  for (int i = 0; i < 100'000; ++i) ASSERT_EQ(many[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(client.stats().pending_calls, 0u);
  EXPECT_EQ(service.stats().running_calls, 0u);
}

TEST_F(StreamTest, DestroysTheGeneratorWhenTheCallerLeavesEarly) {
  offer_endless("endless");
  daffi::Fetch<daffi::Stream<std::string>(std::string)> endless{client, "endless"};
  {
    auto stream = endless("x");
    for (const auto& item : stream) {
      EXPECT_EQ(item, "x");
      break;
    }
    EXPECT_EQ(destroyed, 0);
  }
  cluster.settle();
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(client.stats().pending_calls, 0u);
  EXPECT_EQ(service.stats().running_calls, 0u);
}

TEST_F(StreamTest, FiresTheStopTokenWhenTheCallerLeavesEarly) {
  bool stopped = false;
  service.callback("watched", [&](daffi::CallContext& context) -> daffi::Generator<int> {
    const std::stop_callback on_stop(context.stop_token(), [&] { stopped = true; });
    for (int i = 0;; ++i) co_yield i;
  });
  cluster.settle();
  auto stream = daffi::Fetch<daffi::Stream<int>()>(client, "watched")();
  EXPECT_EQ(*stream.begin(), 0);
  stream.close();
  cluster.settle();
  EXPECT_TRUE(stopped);
}

TEST_F(StreamTest, BringsAnExceptionBehindTheThousandthItem) {
  service.callback("fails", []() -> daffi::Generator<int> {
    for (int i = 0; i < 1000; ++i) co_yield i;
    throw std::out_of_range("no more than a thousand");
  });
  cluster.settle();
  auto stream = daffi::Fetch<daffi::Stream<int>()>(client, "fails")();
  int taken = 0;
  try {
    for (const int item : stream) EXPECT_EQ(item, taken++);
    FAIL();
  } catch (const daffi::RemoteCallError& error) {
    EXPECT_THAT(error.message(), HasSubstr("no more than a thousand"));
    EXPECT_THAT(error.message(), HasSubstr("service"));
    ASSERT_NE(error.remote(), nullptr);
    EXPECT_EQ(error.remote()->type, "std::out_of_range");
  }
  EXPECT_EQ(taken, 1000);
}

TEST_F(StreamTest, KeepsASlowConsumersProducerWithinTheWindow) {
  offer_endless("endless");
  daffi::Fetch<daffi::Stream<std::string>(std::string)> endless{client, "endless"};
  auto small = endless("x");
  cluster.settle();
  EXPECT_EQ(made, 2048 + 1) << "the window, and one that waits for credit";
  auto item = small.begin();
  for (int i = 0; i < 1024; ++i) ++item;
  cluster.settle();
  EXPECT_LE(made, 2048 + 1024 + 1);
  EXPECT_GT(made, 2048 + 1);

  made = 0;
  auto large = endless(std::string(60'000, 'x'));
  cluster.settle();
  EXPECT_EQ(made, 512 * 1024 / 60'000 + 1);
}

TEST_F(StreamTest, LeavesCallsAndOtherStreamsAloneWhileOneIsStalled) {
  offer_endless("endless");
  service.callback("count_to", count_to);
  service.callback("add", [](int a, int b) { return a + b; });
  cluster.settle();
  auto stalled = daffi::Fetch<daffi::Stream<std::string>(std::string)>(client, "endless")(std::string(1000, 'x'));
  cluster.settle();
  const auto before = cluster.now();
  EXPECT_EQ(daffi::Fetch<int(int, int)>(client, "add")(1, 2), 3);
  EXPECT_EQ(all(daffi::Fetch<daffi::Stream<int>(int)>(client, "count_to")(10'000)).size(), 10'000u);
  EXPECT_EQ(cluster.now(), before);
  EXPECT_EQ(*stalled.begin(), std::string(1000, 'x'));
}

TEST_F(StreamTest, EndsWithItsTimeoutOnBothSides) {
  offer_endless("endless");
  daffi::Fetch<daffi::Stream<std::string>(std::string)> endless{client, "endless"};
  auto stream = endless.call(daffi::FG{.timeout = 3s}, "x");
  cluster.settle();
  cluster.advance(4s);
  EXPECT_EQ(destroyed, 1);
  int taken = 0;
  EXPECT_THROW(
      {
        for (const auto& item : stream) taken += item.empty() ? 0 : 1;
      },
      daffi::TimeoutError);
  EXPECT_EQ(taken, 2048) << "what had come";
}

TEST_F(StreamTest, DestroysTheGeneratorOfADeadCaller) {
  offer_endless("endless");
  auto stream = daffi::Fetch<daffi::Stream<std::string>(std::string)>(client, "endless")("x");
  cluster.settle();
  cluster.isolate("client");
  cluster.settle();
  EXPECT_EQ(destroyed, 1);
  EXPECT_THROW(
      {
        for (const auto& item : stream) (void)item;
      },
      daffi::RemoteStoppedUnexpectedly);
}

TEST_F(StreamTest, EndsWithAnErrorWhenTheCalleeDies) {
  offer_endless("endless");
  auto stream = daffi::Fetch<daffi::Stream<std::string>(std::string)>(client, "endless")("x");
  cluster.settle();
  cluster.isolate("service");
  cluster.settle();
  EXPECT_EQ(destroyed, 1) << "nobody can take more from it";
  EXPECT_THROW(
      {
        for (const auto& item : stream) (void)item;
      },
      daffi::RemoteStoppedUnexpectedly);
}

TEST_F(StreamTest, EndsWhenItsCallerStops) {
  offer_endless("endless");
  auto stream = daffi::Fetch<daffi::Stream<std::string>(std::string)>(client, "endless")("x");
  cluster.settle();
  client.stop();
  EXPECT_THROW(
      {
        for (const auto& item : stream) (void)item;
      },
      daffi::CancelledError);
  cluster.settle();
  EXPECT_EQ(destroyed, 1);
}

TEST_F(StreamTest, IsEndedWhenItsCallbackIsUnregistered) {
  const auto registration = service.callback("endless", [this]() -> daffi::Generator<int> {
    const Gone gone(destroyed);
    for (;;) {
      ++made;
      co_yield made;
    }
  });
  cluster.settle();
  auto stream = daffi::Fetch<daffi::Stream<int>()>(client, "endless")();
  cluster.settle();
  auto item = stream.begin();
  registration.unregister();
  EXPECT_EQ(destroyed, 1) << "nobody has to take what is left first";
  const int last = made;
  int taken = 1;
  try {
    for (; item != stream.end(); ++item) taken = *item;
    FAIL() << "no error";
  } catch (const daffi::CancelledError& error) {
    EXPECT_THAT(error.message(), HasSubstr("'endless' was unregistered"));
  }
  EXPECT_GE(taken, last - 1) << "what had been sent comes first";
}

TEST_F(StreamTest, EndsWhenItsCalleeStops) {
  offer_endless("endless");
  auto stream = daffi::Fetch<daffi::Stream<std::string>(std::string)>(client, "endless")("x");
  cluster.settle();
  service.stop(1s);
  cluster.settle();
  EXPECT_EQ(destroyed, 1);
  EXPECT_THROW(
      {
        for (const auto& item : stream) (void)item;
      },
      daffi::RemoteStoppedUnexpectedly);
}

TEST_F(StreamTest, IsUsedOnce) {
  service.callback("count_to", count_to);
  cluster.settle();
  auto stream = daffi::Fetch<daffi::Stream<int>(int)>(client, "count_to")(3);
  EXPECT_EQ(*stream.begin(), 0);
  try {
    (void)stream.begin();
    FAIL();
  } catch (const daffi::GlobalContextError& error) {
    EXPECT_THAT(error.message(), HasSubstr("already been used"));
  }
  auto moved = std::move(stream);
  EXPECT_FALSE(stream.valid());  // NOLINT(bugprone-use-after-move): what is tested
  EXPECT_THROW((void)moved.begin(), daffi::GlobalContextError);
  EXPECT_THROW((void)daffi::Stream<int>().begin(), daffi::GlobalContextError);
}

TEST_F(StreamTest, IsRefusedBeforeItIsSentWhereOneSideExpectsNone) {
  service.callback("count_to", count_to);
  service.callback("add", [](int a, int b) { return a + b; });
  cluster.settle();
  try {
    (void)daffi::Fetch<int(int)>(client, "count_to")(1);
    FAIL();
  } catch (const daffi::GlobalContextError& error) {
    EXPECT_THAT(error.message(), HasSubstr("'count_to' gives a stream"));
  }
  try {
    (void)daffi::Fetch<daffi::Stream<int>(int, int)>(client, "add")(1, 2);
    FAIL();
  } catch (const daffi::GlobalContextError& error) {
    EXPECT_THAT(error.message(), HasSubstr("no stream"));
  }
  EXPECT_THROW((void)(client.stream("nothing") & daffi::FG{}), daffi::GlobalContextError);
  EXPECT_THROW((void)(client.stream("count_to", 1) & daffi::BG{.return_result = false}), daffi::GlobalContextError);
  EXPECT_THROW((void)(client.stream("count_to") & daffi::FG{}), daffi::GlobalContextError) << "an argument is missing";
  EXPECT_EQ(client.stats().calls_sent, 0u);
}

TEST_F(StreamTest, GoesWithoutTypes) {
  service.callback("count_to", count_to, daffi::params("end"));
  cluster.settle();
  int sum = 0;
  for (const daffi::Value& item : client.stream("count_to", daffi::kw("end", 5)) & daffi::FG{}) sum += item.as<int>();
  EXPECT_EQ(sum, 10);
}

TEST_F(StreamTest, RefusesItemsOfAnotherType) {
  service.callback("words", []() -> daffi::Generator<std::string> { co_yield "word"; });
  cluster.settle();
  try {
    (void)all(daffi::Fetch<daffi::Stream<int>()>(client, "words")());
    FAIL();
  } catch (const daffi::RemoteCallError& error) {
    EXPECT_EQ(error.code(), daffi::ErrorCode::result_mismatch);
    EXPECT_THAT(error.message(), HasSubstr("An item of function 'words'"));
  }
}

TEST_F(StreamTest, TellsOfArgumentsThatDoNotFit) {
  service.callback("count_to", count_to);
  cluster.settle();
  auto stream = client.stream("count_to", "three") & daffi::FG{};
  EXPECT_THROW((void)stream.begin(), daffi::RemoteCallError);
}

TEST_F(StreamTest, IsTakenByACoroutine) {
  service.callback("count_to", count_to);
  cluster.settle();
  const auto sum = [](daffi::Global& g) -> daffi::Task<int> {
    auto stream = daffi::Fetch<daffi::Stream<int>(int)>(g, "count_to")(5000);
    int total = 0;
    while (const auto item = co_await stream.next()) total += *item;
    co_return total;
  };
  EXPECT_EQ(daffi::sync_wait(sum(client)), 5000 * 4999 / 2);
}

TEST_F(StreamTest, IsGivenByAnAsyncGenerator) {
  auto& third = cluster.node("third");
  third.callback("square", [](int x) { return x * x; });
  cluster.settle();
  const auto squares = [](daffi::Global& g, int end, int& gone) -> daffi::AsyncGenerator<int> {
    const Gone counted(gone);
    daffi::Fetch<int(int), daffi::BG> square{g, "square"};
    for (int i = 0; i < end; ++i) {
      const int result = co_await square(i);
      co_yield result;
    }
  };
  service.callback("squares", [&](int end) { return squares(service, end, destroyed); });
  cluster.settle();
  daffi::Fetch<daffi::Stream<int>(int)> fetch{client, "squares"};
  EXPECT_THAT(all(fetch(4)), ElementsAre(0, 1, 4, 9));
  EXPECT_EQ(destroyed, 1);
  {
    auto stream = fetch(100'000);
    EXPECT_EQ(*stream.begin(), 0);
  }
  cluster.settle();
  EXPECT_EQ(destroyed, 2);
}

TEST_F(StreamTest, IsBoundedInNumberOnBothSides) {
  const auto wait = [](daffi::Global& g) -> daffi::AsyncGenerator<int> {
    co_yield 1;
    co_await g.wait_function_async("go");
  };
  service.callback("waits", [&] { return wait(service); });
  cluster.settle();
  daffi::Fetch<daffi::Stream<int>()> waits{client, "waits"};
  std::vector<daffi::Stream<int>> open;
  for (int i = 0; i < 1024; ++i) open.push_back(waits());
  EXPECT_THROW((void)waits(), daffi::BusyError);
  auto& other = cluster.node("other");
  cluster.settle();
  auto refused = daffi::Fetch<daffi::Stream<int>()>(other, "waits")();
  EXPECT_THROW((void)refused.begin(), daffi::BusyError);
  open.clear();
  EXPECT_TRUE(waits().valid());
  other.callback("go", [] {});
  cluster.settle();
  EXPECT_EQ(service.stats().running_calls, 0u);
  auto taken = daffi::Fetch<daffi::Stream<int>()>(other, "waits")();
  EXPECT_EQ(*taken.begin(), 1);
}

}  // namespace
