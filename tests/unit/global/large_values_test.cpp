/// @file  Values larger than a frame: whole at the other end, bounded on the way, and gone when their call ends.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <variant>

#include "daffi/testing.hpp"

namespace daffi {
namespace {

using daffi::testing::Cluster;
using namespace std::chrono_literals;
using Blob = std::vector<std::byte>;

constexpr std::size_t kMiB = 1 << 20;

Blob blob_of(std::size_t size) {
  Blob blob(size);
  for (std::size_t i = 0; i < size; ++i) blob[i] = static_cast<std::byte>(i * 31 + i / 251);
  return blob;
}

struct LargeValues : ::testing::Test {
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

TEST_F(LargeValues, TooLargeArgumentsAreRefusedBeforeAnythingIsSent) {
  auto& b = cluster.node("b");
  bool ran = false;
  b.callback("f", [&](const Blob&) { ran = true; });
  auto& a = cluster.node("a", limited(100'000));
  cluster.settle();
  const auto sent = a.stats().calls_sent;
  const auto error = thrown_by<TooLargeError>([&] { Fetch<void(Blob)>(a, "f")(blob_of(100'000)); });
  EXPECT_EQ(error.code(), ErrorCode::too_large);
  EXPECT_FALSE(error.may_have_run());
  EXPECT_NE(error.message().find("the limit is 100000"), std::string::npos) << error.message();
  EXPECT_EQ(a.stats().calls_sent, sent);
  EXPECT_FALSE(ran);
}

TEST_F(LargeValues, ACalleeWithALowerLimitRefusesAtTheAnnouncement) {
  auto& b = cluster.node("b", limited(100'000));
  bool ran = false;
  b.callback("f", [&](const Blob&) { ran = true; });
  auto& a = cluster.node("a");
  cluster.settle();
  const auto error = thrown_by<TooLargeError>([&] { Fetch<void(Blob)>(a, "f")(blob_of(kMiB)); });
  EXPECT_EQ(error.code(), ErrorCode::too_large);
  EXPECT_NE(error.message().find("100000"), std::string::npos) << error.message();
  EXPECT_FALSE(ran);
}

TEST_F(LargeValues, ATooLargeResultIsTheCalleesErrorAndItsCallersToo) {
  auto& b = cluster.node("b", limited(100'000));
  b.callback("f", [] { return blob_of(100'000); });
  auto& a = cluster.node("a");
  cluster.settle();
  const auto error = thrown_by<TooLargeError>([&] { Fetch<Blob()>(a, "f")(); });
  EXPECT_EQ(error.code(), ErrorCode::result_too_large);
  EXPECT_TRUE(error.may_have_run());
}

TEST_F(LargeValues, ACallerWithALowerLimitRefusesTheResult) {
  auto& b = cluster.node("b");
  b.callback("f", [] { return blob_of(kMiB); });
  b.callback("small", [] { return 1; });
  auto& a = cluster.node("a", limited(100'000));
  cluster.settle();
  EXPECT_EQ(thrown_by<TooLargeError>([&] { Fetch<Blob()>(a, "f")(); }).code(), ErrorCode::result_too_large);
  EXPECT_EQ(Fetch<int()>(a, "small")(), 1);
}

TEST_F(LargeValues, ArriveWholeAtEverySizeAroundTheEdges) {
  auto& b = cluster.node("b");
  b.callback("echo", [](const Blob& blob) { return blob; });
  auto& a = cluster.node("a");
  cluster.settle();
  const Fetch<Blob(Blob)> echo(a, "echo");
  for (const std::size_t size :
       {std::size_t{65'520}, std::size_t{65'531}, std::size_t{65'536}, std::size_t{65'537}, std::size_t{130'000},
        std::size_t{262'144}, std::size_t{524'280}, std::size_t{524'289}, kMiB, 9 * kMiB + 12'345}) {
    const Blob blob = blob_of(size);
    EXPECT_EQ(echo(blob), blob) << size;
  }
}

TEST_F(LargeValues, ManyGoSideBySide) {
  auto& b = cluster.node("b");
  b.callback("echo", [](const Blob& blob) { return blob; });
  auto& a = cluster.node("a");
  cluster.settle();
  const Fetch<Blob(Blob), BG> echo(a, "echo");
  std::vector<AsyncResult<Blob>> results;
  for (std::size_t i = 0; i < 8; ++i) results.push_back(echo(blob_of(2 * kMiB + i)));
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(results[i].get(), blob_of(2 * kMiB + i));
}

TEST_F(LargeValues, CallsThatWantNoResultCarryThemToo) {
  auto& b = cluster.node("b");
  std::size_t got = 0;
  b.callback("take", [&](const Blob& blob) { got += blob.size(); });
  auto& a = cluster.node("a");
  cluster.settle();
  a.call("take", blob_of(3 * kMiB)) & BG{.return_result = false};
  cluster.settle();
  EXPECT_EQ(got, 3 * kMiB);
  EXPECT_EQ(a.stats().transfers, 0u);
  EXPECT_EQ(a.stats().pending_calls, 0u);
}

TEST_F(LargeValues, AWrongArgumentIsStillShownInTheError) {
  auto& b = cluster.node("b");
  b.callback(
      "two", [](const Blob&, int) {}, params("blob", "number"));
  auto& a = cluster.node("a");
  cluster.settle();
  const auto error = thrown_by<GlobalContextError>([&] { Fetch<void(Blob)>(a, "two")(blob_of(kMiB)); });
  EXPECT_NE(error.message().find("provided arguments"), std::string::npos) << error.message();
}

TEST_F(LargeValues, ATimeoutInMidTransferEndsItOnBothSides) {
  auto& b = cluster.node("b");
  bool ran = false;
  b.callback("f", [&](const Blob&) { ran = true; });
  b.callback("small", [] { return 1; });
  auto& a = cluster.node("a");
  cluster.settle();
  cluster.freeze("b");
  EXPECT_THROW(Fetch<void(Blob)>(a, "f").call(FG{.timeout = 2s}, blob_of(8 * kMiB)), TimeoutError);
  cluster.thaw("b");
  cluster.settle();
  EXPECT_FALSE(ran);
  EXPECT_EQ(a.stats().transfers, 0u);
  EXPECT_EQ(b.stats().transfers, 0u);
  EXPECT_EQ(Fetch<int()>(a, "small")(), 1);
}

TEST_F(LargeValues, ACalleeLostInMidTransferEndsItAtOnce) {
  auto& b = cluster.node("b");
  b.callback("f", [](const Blob&) {});
  auto& a = cluster.node("a");
  cluster.settle();
  cluster.freeze("b");
  auto pending = Fetch<void(Blob)>(a, "f").call(BG{}, blob_of(8 * kMiB));
  cluster.settle();
  EXPECT_FALSE(pending.ready());
  EXPECT_EQ(a.stats().transfers, 1u);
  cluster.isolate("b");
  EXPECT_THROW(pending.get(), RemoteStoppedUnexpectedly);
  EXPECT_EQ(a.stats().transfers, 0u);
}

TEST_F(LargeValues, ACallerLostInMidResultEndsIt) {
  auto& b = cluster.node("b");
  b.callback("f", [&] {
    cluster.freeze("a");
    return blob_of(8 * kMiB);
  });
  auto& a = cluster.node("a");
  cluster.settle();
  auto pending = Fetch<Blob()>(a, "f").call(BG{});
  cluster.settle();
  EXPECT_EQ(b.stats().transfers, 1u);
  cluster.isolate("a");
  cluster.settle();
  EXPECT_EQ(b.stats().transfers, 0u);
}

TEST_F(LargeValues, WithoutAHolderItWaitsAndGoesToTheNextOne) {
  auto& first = cluster.node("first");
  first.callback("f", [](const Blob& blob) { return blob.size(); });
  auto& a = cluster.node("a");
  cluster.settle();
  cluster.freeze("first");
  cluster.isolate("first");
  auto& second = cluster.node("second");
  second.callback("f", [](const Blob& blob) { return blob.size() + 1; });
  cluster.settle();
  EXPECT_EQ(Fetch<std::size_t(Blob)>(a, "f")(blob_of(8 * kMiB)), 8 * kMiB + 1);
}

TEST_F(LargeValues, StopWaitsForAResultOnItsWay) {
  auto& b = cluster.node("b");
  b.callback("f", [&] {
    cluster.freeze("a");
    return blob_of(4 * kMiB);
  });
  auto& a = cluster.node("a");
  cluster.settle();
  auto pending = Fetch<Blob()>(a, "f").call(BG{});
  cluster.settle();
  EXPECT_EQ(b.stats().transfers, 1u);
  cluster.thaw("a");
  b.stop(5s);
  EXPECT_EQ(pending.get(), blob_of(4 * kMiB));
}

TEST_F(LargeValues, SmallCallsReadBehindALargeOneRunBeforeIt) {
  std::vector<std::string> ran;
  auto& b = cluster.node("b");
  b.callback("large", [&](const Blob&) { ran.push_back("large"); });
  b.callback("small", [&](int) { ran.push_back("small"); });
  auto& a = cluster.node("a");
  cluster.settle();
  cluster.freeze("b");
  const auto large = Fetch<void(Blob)>(a, "large").call(BG{}, blob_of(100'000));
  const auto small = Fetch<void(int)>(a, "small").call(BG{}, 1);
  cluster.settle();
  cluster.thaw("b");
  large.get();
  small.get();
  EXPECT_EQ(ran, (std::vector<std::string>{"small", "large"}));
}

TEST_F(LargeValues, ACallThatRunsOutOfTimeNoLongerReadsItsArguments) {
  auto& b = cluster.node("b");
  std::size_t ran = 0;
  b.callback("f", [&](const std::string&) { ++ran; });
  auto& a = cluster.node("a");
  cluster.settle();
  const Fetch<void(std::string)> f(a, "f");
  f(std::string(kMiB, 'x'));
  EXPECT_EQ(ran, 1u);
  cluster.freeze("b");
  {
    // Its memory is gone right after the call: the address sanitizer sees who would still read it.
    auto text = std::make_unique<std::string>(8 * kMiB, 'y');
    EXPECT_THROW(f.call(FG{.timeout = 1s}, *text), TimeoutError);
    std::ranges::fill(*text, 'z');
  }
  EXPECT_EQ(a.stats().pending_calls, 0u);
}

TEST_F(LargeValues, TextIsMovedIntoTheCallbacksParameterAndOutOfItsResult) {
  auto& b = cluster.node("b");
  const char* given = nullptr;
  b.callback("f", [&](std::string text) {
    given = text.data();
    return text;
  });
  b.callback("count",
             [](int, const std::string& text, const std::string& behind) { return text.size() + behind.size(); });
  b.callback("view", [](std::string_view text) { return std::string(text); });
  auto& a = cluster.node("a");
  cluster.settle();
  std::string text;
  while (text.size() < 3 * kMiB) text += "gr\xc3\xbc\xc3\x9f dich, " + std::to_string(text.size());
  EXPECT_EQ((Fetch<std::string(std::string)>(a, "f")(text)), text);
  EXPECT_NE(given, nullptr);
  EXPECT_EQ((Fetch<std::string(std::string)>(a, "view")(text)), text);
  EXPECT_EQ((Fetch<std::size_t(int, std::string, std::string)>(a, "count")(1, text, "behind")), text.size() + 6);
  EXPECT_EQ((Fetch<Value(std::string)>(a, "f")(text)).as<std::string>(), text);
  EXPECT_EQ((a.call("f", text) & FG{}).as<std::string>(), text);
  EXPECT_EQ((Fetch<std::string(std::string)>(a, "f").call(BG{}, text).get()), text);
  using Either = std::variant<int, std::string>;
  EXPECT_EQ((Fetch<Either(std::string)>(a, "f")(text)), Either(text));
  EXPECT_THROW((Fetch<int(std::string)>(a, "f")(text)), Error);
  EXPECT_THROW((Fetch<std::string(std::string)>(a, "f")(text + "\xff")), GlobalContextError);
}

}  // namespace
}  // namespace daffi
