/// @file  One name, two processes: who has it, who gets it, and what becomes of the other, through whole clusters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "daffi/testing.hpp"

namespace {

using daffi::ErrorCode;
using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

struct Failure {
  ErrorCode code{};
  std::string text;
};

template <typename Action>
Failure failure_of(Action action) {
  try {
    action();
  } catch (const daffi::Error& error) {
    return {error.code(), error.message()};
  }
  return {};
}

daffi::detail::Detached note_end_of_wait(daffi::Global& g, std::optional<ErrorCode>& outcome) {
  try {
    co_await g.wait_process_async("nobody");
  } catch (const daffi::Error& error) {
    outcome = error.code();
  }
}

int call(daffi::Global& g, const std::string& name) { return (g.call(name) & daffi::FG{}).as<int>(); }

class ClusterNames : public ::testing::Test {
 protected:
  ClusterNames() {
    holder_.callback("f", [] { return 1; });
    client_.wait_function("f", 1s);
  }
  daffi::Global& rival(const std::string& place = "rival") {
    auto& fresh = cluster_.rival(place, "service");
    fresh.callback("f", [] { return 2; });
    return fresh;
  }
  Failure refusal() {
    return failure_of([&] { (void)cluster_.rival("rival", "service"); });
  }
  std::size_t count_of_service() {
    std::size_t count = 0;
    for (const auto& member : client_.members()) count += member.process_name == "service" ? 1 : 0;
    return count;
  }

  Cluster cluster_;
  daffi::Global& holder_ = cluster_.node("service");
  daffi::Global& client_ = cluster_.node("client");
};

TEST_F(ClusterNames, HeldByALiveProcessIsRefusedNamingTheHolder) {
  const auto refused = refusal();
  EXPECT_EQ(refused.code, ErrorCode::name_taken);
  EXPECT_THAT(refused.text, AllOf(HasSubstr("'service'"), HasSubstr("taken by a live c++ process")));
  EXPECT_THROW((void)cluster_.rival("another", "service"), daffi::InitializationError);
  EXPECT_TRUE(holder_.connected());
  EXPECT_EQ(call(client_, "f"), 1);
  EXPECT_EQ(count_of_service(), 1u);
}

TEST_F(ClusterNames, OfASilentHolderPassesToTheSameUsersProcess) {
  cluster_.freeze("service");
  auto pending = daffi::Fetch<int()>(client_, "f").call(daffi::BG{});
  cluster_.settle();
  auto& fresh = rival();
  EXPECT_TRUE(fresh.connected());
  EXPECT_EQ(failure_of([&] { (void)pending.get(); }).code, ErrorCode::remote_stopped);
  EXPECT_EQ(count_of_service(), 1u);
  client_.wait_function("f", 1s);
  EXPECT_EQ(call(client_, "f"), 2);
}

TEST_F(ClusterNames, OfAThawedLoserIsNotItsOwnAnyMore) {
  cluster_.freeze("service");
  auto& fresh = rival();
  cluster_.thaw("service");
  cluster_.advance(60s);
  EXPECT_FALSE(holder_.connected()) << "and it does not fight for it";
  EXPECT_TRUE(fresh.connected());
  EXPECT_EQ(fresh.stats().reconnects, 0u);
  const auto began = cluster_.now();
  const auto lost = failure_of([&] { holder_.call("f") & daffi::FG{}; });
  EXPECT_EQ(lost.code, ErrorCode::name_taken);
  EXPECT_THAT(lost.text, AllOf(HasSubstr("'service' is taken"), HasSubstr("c++ process at memory")));
  EXPECT_EQ(cluster_.now(), began) << "it does not come back, so nothing is waited for";
  EXPECT_EQ(call(client_, "f"), 2);
}

TEST_F(ClusterNames, LostForGoodEndWhateverWaits) {
  cluster_.isolate("service");
  auto parked = daffi::Fetch<int()>(holder_, "f").call(daffi::BG{});
  std::optional<ErrorCode> waited;
  note_end_of_wait(holder_, waited);
  rival();
  cluster_.join_again("service");
  cluster_.advance(3s);
  ASSERT_TRUE(parked.ready());
  EXPECT_EQ(failure_of([&] { (void)parked.get(); }).code, ErrorCode::name_taken);
  EXPECT_EQ(waited, ErrorCode::name_taken);
  const auto began = cluster_.now();
  EXPECT_EQ(failure_of([&] { holder_.wait_process("nobody"); }).code, ErrorCode::name_taken);
  EXPECT_EQ(failure_of([&] { holder_.call("f") & daffi::BG{.return_result = false}; }).code, ErrorCode::name_taken);
  EXPECT_EQ(failure_of([&] { (void)(holder_.stream("f") & daffi::FG{}); }).code, ErrorCode::name_taken);
  holder_.wait_function("f");
  EXPECT_EQ(cluster_.now(), began);
  holder_.stop();
  EXPECT_EQ(failure_of([&] { holder_.call("f") & daffi::FG{}; }).code, ErrorCode::stopped);
}

TEST_F(ClusterNames, StaysWithAHolderThatAnswersBeforeTheTimeIsOver) {
  auto& helper = cluster_.node("helper");
  helper.callback("thaw", [&] { cluster_.thaw("service"); });
  client_.wait_function("thaw", 1s);
  cluster_.freeze("service");
  auto thawed = client_.call("thaw") & daffi::BG{.eta = 100ms};
  EXPECT_EQ(refusal().code, ErrorCode::name_taken);
  EXPECT_TRUE(thawed.ready());
  EXPECT_EQ(call(client_, "f"), 1);
  EXPECT_EQ(holder_.stats().reconnects, 0u);
}

TEST_F(ClusterNames, OfASuspendedHolderPassesAtOnce) {
  cluster_.isolate("service");
  cluster_.settle();
  const auto began = cluster_.now();
  auto& fresh = rival();
  EXPECT_LT(cluster_.now() - began, 200ms);
  cluster_.join_again("service");
  cluster_.advance(60s);
  EXPECT_FALSE(holder_.connected());
  EXPECT_TRUE(fresh.connected());
  EXPECT_EQ(call(client_, "f"), 2);
}

TEST_F(ClusterNames, IsFreeAgainWhenItsHolderHasLeft) {
  cluster_.remove("service");
  EXPECT_TRUE(rival().connected());
  client_.wait_function("f", 1s);
  EXPECT_EQ(call(client_, "f"), 2);
  cluster_.remove("rival");
  EXPECT_TRUE(rival("third").connected());
}

}  // namespace
