/// @file  Items larger than a frame, in both directions: whole, in order, bounded, and refused where they are too
/// large.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daffi/stream.hpp"
#include "daffi/testing.hpp"

namespace daffi {
namespace {

using daffi::testing::Cluster;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::size_t kMiB = 1 << 20;
// Around every size at which something changes: of a part, of a whole item, of the window.
constexpr std::array<std::size_t, 12> kSizes{1,       65'536,  3,       131'060, 131'072,  131'080,
                                             524'288, 524'300, 200'000, 10,      3 * kMiB, 2};

std::string text_of(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251 + size) % 26);
  return text;
}

Generator<std::string> texts() {
  for (const std::size_t size : kSizes) co_yield text_of(size);
}

struct LargeItems : ::testing::Test {
  GlobalOptions limited(std::size_t bytes) {
    GlobalOptions options;
    options.max_message_size = bytes;
    return options;
  }
  template <typename E, typename Body>
  E thrown_by(Body body) {
    try {
      body();
    } catch (const E& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return E(ErrorCode::system, "none");
  }
  Cluster cluster;
};

TEST_F(LargeItems, OfACallbackComeWholeAndInOrder) {
  auto& service = cluster.node("service");
  auto& client = cluster.node("client");
  service.callback("texts", texts);
  cluster.settle();
  std::size_t at = 0;
  for (const std::string& text : Fetch<Stream<std::string>()>(client, "texts")()) {
    ASSERT_TRUE(text == text_of(kSizes.at(at++))) << at;
  }
  EXPECT_EQ(at, kSizes.size());
  EXPECT_EQ(service.stats().running_calls, 0u);
}

TEST_F(LargeItems, OfAFetcherComeWholeAndInOrderAtEveryHolder) {
  std::vector<std::string> at_one, at_two;
  auto& one = cluster.node("one");
  one.callback("take", [&](std::string text) { at_one.push_back(std::move(text)); });
  auto& two = cluster.node("two");
  two.callback("take", [&](std::string text) -> Task<void> {
    at_two.push_back(std::move(text));
    co_return;
  });
  auto& client = cluster.node("client");
  cluster.settle();
  Fetch<void()>(client, "take", texts)();
  ASSERT_EQ(at_one.size(), kSizes.size());
  for (std::size_t i = 0; i < kSizes.size(); ++i) EXPECT_TRUE(at_one[i] == text_of(kSizes[i])) << i;
  EXPECT_TRUE(at_one == at_two);
}

TEST_F(LargeItems, AreTakenByACoroutine) {
  auto& service = cluster.node("service");
  auto& client = cluster.node("client");
  service.callback("texts", texts);
  cluster.settle();
  const auto sum = [](Global& g) -> Task<std::size_t> {
    auto stream = Fetch<Stream<std::string>()>(g, "texts")();
    std::size_t total = 0;
    while (const auto item = co_await stream.next()) total += (*item).size();
    co_return total;
  };
  std::size_t expected = 0;
  for (const std::size_t size : kSizes) expected += size;
  EXPECT_EQ(sync_wait(sum(client)), expected);
}

TEST_F(LargeItems, AreMadeNoFasterThanTheyAreTaken) {
  auto& service = cluster.node("service");
  auto& client = cluster.node("client");
  int made = 0;
  service.callback("endless", [&]() -> Generator<std::string> {
    for (;;) {
      ++made;
      co_yield std::string(2 * kMiB, 'x');
    }
  });
  service.callback("add", [](int a, int b) { return a + b; });
  cluster.settle();
  auto stream = Fetch<Stream<std::string>()>(client, "endless")();
  cluster.settle();
  EXPECT_EQ(made, 2) << "one has come, one waits for credit";
  EXPECT_EQ(Fetch<int(int, int)>(client, "add")(1, 2), 3);
  auto item = stream.begin();
  for (int i = 0; i < 10; ++i) ++item;
  cluster.settle();
  EXPECT_LE(made, 11 + 2);
}

TEST_F(LargeItems, AboveTheLimitEndACallbacksStreamBehindTheOthers) {
  auto& service = cluster.node("service", limited(200'000));
  auto& client = cluster.node("client");
  service.callback("grows", [](std::size_t last) -> Generator<std::string> {
    co_yield text_of(150'000);
    co_yield text_of(last);
  });
  cluster.settle();
  Fetch<Stream<std::string>(std::size_t)> grows{client, "grows"};
  std::size_t taken = 0;
  for (const auto& text : grows(199'000)) taken += text.size();
  EXPECT_EQ(taken, 349'000u);
  auto stream = grows(200'000);
  auto item = stream.begin();
  EXPECT_EQ((*item).size(), 150'000u);
  const auto error = thrown_by<TooLargeError>([&] { ++item; });
  EXPECT_EQ(error.code(), ErrorCode::result_too_large);
  EXPECT_THAT(error.message(), HasSubstr("the limit is 200000 (max_message_size)"));
}

TEST_F(LargeItems, AboveTheLimitEndAFetchersStreamAndNothingOfThemIsSent) {
  auto& service = cluster.node("service");
  std::vector<std::size_t> sizes;
  service.callback("take", [&](const std::string& text) { sizes.push_back(text.size()); });
  auto& client = cluster.node("client", limited(200'000));
  cluster.settle();
  Fetch<void()> feed{client, "take", []() -> Generator<std::string> {
                       co_yield text_of(150'000);
                       co_yield text_of(200'000);
                     }};
  const auto error = thrown_by<TooLargeError>([&] { feed(); });
  EXPECT_EQ(error.code(), ErrorCode::result_too_large);
  EXPECT_TRUE(error.may_have_run()) << "for the item before it";
  EXPECT_THAT(error.message(), HasSubstr("the limit is 200000 (max_message_size)"));
  cluster.settle();
  EXPECT_LE(sizes.size(), 1u);
  EXPECT_EQ(service.stats().running_calls, 0u);
}

TEST_F(LargeItems, AboveTheReceiversLimitAreRefusedByTheCaller) {
  auto& service = cluster.node("service");
  auto& client = cluster.node("client", limited(200'000));
  bool gone = false;
  service.callback("grows", [&]() -> Generator<std::string> {
    struct Gone {
      bool& gone;
      ~Gone() { gone = true; }
    } const end{gone};
    for (std::size_t size = 100'000;; size += 100'000) co_yield text_of(size);
  });
  cluster.settle();
  auto stream = Fetch<Stream<std::string>()>(client, "grows")();
  auto item = stream.begin();
  EXPECT_EQ((*item).size(), 100'000u);
  const auto error = thrown_by<TooLargeError>([&] { ++item; });
  EXPECT_TRUE(error.may_have_run());
  cluster.settle();
  EXPECT_TRUE(gone);
  EXPECT_EQ(service.stats().running_calls, 0u);
  EXPECT_EQ(client.stats().pending_calls, 0u);
}

TEST_F(LargeItems, AboveTheReceiversLimitAreRefusedByTheCallee) {
  auto& service = cluster.node("service", limited(200'000));
  std::vector<std::size_t> sizes;
  service.callback("take", [&](const std::string& text) { sizes.push_back(text.size()); });
  auto& client = cluster.node("client");
  cluster.settle();
  Fetch<void()> feed{client, "take", []() -> Generator<std::string> {
                       for (std::size_t size = 100'000;; size += 100'000) co_yield text_of(size);
                     }};
  EXPECT_THROW(feed(), TooLargeError);
  EXPECT_EQ(sizes, std::vector<std::size_t>{100'000});
  EXPECT_EQ(service.stats().running_calls, 0u);
}

TEST_F(LargeItems, LeaveNothingBehindWhenTheirCallerLeavesInTheMiddle) {
  auto& service = cluster.node("service");
  auto& client = cluster.node("client");
  service.callback("endless", []() -> Generator<std::string> {
    for (;;) co_yield std::string(3 * kMiB, 'x');
  });
  cluster.settle();
  {
    auto stream = Fetch<Stream<std::string>()>(client, "endless")();
    cluster.settle();
  }
  cluster.settle();
  EXPECT_EQ(service.stats().running_calls, 0u);
  EXPECT_EQ(client.stats().pending_calls, 0u);
}

}  // namespace
}  // namespace daffi
