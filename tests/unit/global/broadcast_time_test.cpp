/// @file  BROADCAST out of time, delayed and cancelled: what has arrived is kept, and the rest are told.
#include "daffi/broadcast.hpp"

#include <stdexcept>

#include "unit/global/broadcast_fixture.hpp"

namespace broadcasts {
namespace {

TEST_F(BroadcastTest, OutOfTimeCarriesWhatHasArrivedAndTellsTheRest) {
  hangs_at(a);
  b.callback("f", [] { return 2; });
  c.callback("f", []() -> int { throw std::runtime_error("boom"); });
  cluster.settle();
  const auto began = cluster.now();
  try {
    f.call(BROADCAST{.timeout = 3s});
    FAIL();
  } catch (const daffi::BroadcastTimeout& error) {
    EXPECT_EQ(error.code(), ErrorCode::timeout);
    EXPECT_EQ(error.message(), "Function f result timed out");
    const auto results = error.results<int>();
    ASSERT_THAT(results, ElementsAre(Key("b"), Key("c")));
    EXPECT_EQ(*results.at("b"), 2);
    EXPECT_EQ(results.at("c").error()->remote()->message, "boom");
  }
  EXPECT_EQ(cluster.now() - began, 3s);
  cluster.settle();
  ASSERT_EQ(stops.size(), 1u);
  EXPECT_TRUE(stops[0].stop_requested());
  EXPECT_EQ(client.stats().pending_calls, 0u);
  EXPECT_THROW(f.call(BROADCAST{.timeout = 1s}), daffi::TimeoutError) << "as the documentation calls it";
}

TEST_F(BroadcastTest, OutOfTimeInTheBackgroundSaysTheSameEachTime) {
  hangs_at(a);
  b.callback("f", [] { return 2; });
  cluster.settle();
  const auto result = f.start(BROADCAST{.timeout = 3s});
  for (int i = 0; i < 2; ++i) {
    try {
      result.get();
      FAIL();
    } catch (const daffi::BroadcastTimeout& error) {
      EXPECT_THAT(error.results<int>(), ElementsAre(Key("b")));
    }
  }
  EXPECT_THROW(std::rethrow_exception(result.error()), daffi::BroadcastTimeout);
}

TEST_F(BroadcastTest, OneWithoutAControllerIsOutOfTimeWithNothing) {
  a.callback("f", [] { return 1; });
  cluster.settle();
  cluster.stop_controller();
  try {
    f.call(BROADCAST{.timeout = 3s});
    FAIL();
  } catch (const daffi::BroadcastTimeout& error) {
    EXPECT_FALSE(error.may_have_run());
    EXPECT_THAT(error.results<int>(), IsEmpty());
  }
  const auto result = f.start(BROADCAST{});
  cluster.start_controller();
  EXPECT_THAT(result.get(), ElementsAre(Key("a"))) << "it waits for those it knew";
}

TEST_F(BroadcastTest, WaitsForItsEta) {
  everywhere("f", [](const std::string&) { return 1; });
  const auto began = cluster.now();
  EXPECT_EQ(f.call(BROADCAST{.timeout = 1s, .eta = 10s}).size(), 3u);
  EXPECT_GE(cluster.now() - began, 10s);
  EXPECT_LT(cluster.now() - began, 11s);
}

TEST_F(BroadcastTest, CancelReachesAll) {
  for (daffi::Global* g : {&a, &b, &c}) hangs_at(*g);
  cluster.settle();
  const auto result = f.start(BROADCAST{});
  cluster.settle();
  ASSERT_EQ(stops.size(), 3u);
  result.cancel();
  EXPECT_THROW(result.get(), daffi::CancelledError);
  cluster.settle();
  for (const auto& stop : stops) EXPECT_TRUE(stop.stop_requested());
}

TEST_F(BroadcastTest, CancelReachesAllBeforeItIsKnownWhoTheyAre) {
  for (daffi::Global* g : {&a, &b, &c}) hangs_at(*g);
  cluster.settle();
  f.start(BROADCAST{}).cancel();
  cluster.settle();
  ASSERT_EQ(stops.size(), 3u);
  for (const auto& stop : stops) EXPECT_TRUE(stop.stop_requested());
}

}  // namespace
}  // namespace broadcasts
