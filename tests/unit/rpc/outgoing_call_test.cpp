/// @file  CallTable: a call has one owner at a time, and an answer counts only from the member it was sent to.
#include "rpc/outgoing_call.hpp"

#include <gtest/gtest.h>

#include "base/fake_clock.hpp"

namespace daffi::rpc {
namespace {

struct TestCall final : OutgoingCall {
  TestCall() : OutgoingCall(none) {}
  void settle(Engine&) override {}
  static inline const detail::CallSpec none{};
};

TEST(CallTable, RefusesCallsBeyondItsLimit) {
  CallTable table(2);
  TestCall a, b, c;
  EXPECT_TRUE(table.add(a));
  EXPECT_TRUE(table.add(b));
  EXPECT_FALSE(table.add(c));
}

TEST(CallTable, RefusesCallsOnceClosed) {
  CallTable table(2);
  TestCall a;
  table.close();
  EXPECT_FALSE(table.add(a));
}

TEST(CallTable, IgnoresAnAnswerFromAnotherMember) {
  CallTable table(8);
  TestCall call;
  call.target = 7;
  ASSERT_TRUE(table.add(call));
  EXPECT_EQ(table.take(call.id.load(), 8), nullptr);
  EXPECT_EQ(table.take(call.id.load(), 7), &call);
}

TEST(CallTable, TakesWhatIsAnsweredTogetherAsOneByOne) {
  CallTable table(8);
  TestCall a, b;
  a.target = 7;
  b.target = 8;
  ASSERT_TRUE(table.add(a));
  ASSERT_TRUE(table.add(b));
  std::vector<CallTable::Answered> answers{
      {b.id.load(), 8}, {a.id.load(), 8}, {b.id.load(), 8}, {a.id.load(), 7}, {12345, 7}};
  table.take(answers);
  EXPECT_EQ(answers[0].call, &b);
  EXPECT_EQ(answers[1].call, nullptr) << "from another member";
  EXPECT_EQ(answers[2].call, nullptr) << "answered a second time";
  EXPECT_EQ(answers[3].call, &a);
  EXPECT_EQ(answers[4].call, nullptr) << "never was";
  EXPECT_EQ(table.size(), 0u);
}

TEST(CallTable, GivesACallOutOnce) {
  CallTable table(8);
  TestCall call;
  ASSERT_TRUE(table.add(call));
  EXPECT_EQ(table.take(call.id.load()), &call);
  EXPECT_EQ(table.take(call.id.load()), nullptr);
}

TEST(CallTable, AnIdIsNotThatOfTheNextCallInTheSamePlace) {
  CallTable table(8);
  TestCall first, second;
  ASSERT_TRUE(table.add(first));
  const auto old = first.id.load();
  table.take(old);
  ASSERT_TRUE(table.add(second));
  EXPECT_NE(second.id.load(), old);
  EXPECT_EQ(table.take(old), nullptr) << "a late answer must not end another call";
}

TEST(CallTable, IdsThatNeverWereAreNobodysCalls) {
  CallTable table(8);
  EXPECT_EQ(table.take(0), nullptr);
  EXPECT_EQ(table.take(~0ull), nullptr);
  EXPECT_EQ(table.take(12345), nullptr);
}

// Its caller has looked for it here, and will not again.
TEST(CallTable, TakesNoCallInThatIsUnwanted) {
  CallTable table(8);
  TestCall call;
  call.unwanted.store(true);
  EXPECT_FALSE(table.add(call));
  EXPECT_EQ(table.size(), 0u);
}

TEST(CallTable, CountsWhatIsPendingOnEachMember) {
  CallTable table(8);
  TestCall a, b, c;
  a.target = b.target = 1;
  c.target = 2;
  for (auto* call : {&a, &b, &c}) ASSERT_TRUE(table.add(*call));
  EXPECT_EQ(table.pending_on(1), 2u);
  EXPECT_EQ(table.pending_on(2), 1u);
  EXPECT_EQ(table.take_sent_to(1).size(), 2u);
  EXPECT_EQ(table.pending_on(1), 0u);
  EXPECT_EQ(table.size(), 1u);
  ASSERT_TRUE(table.add(a));
  EXPECT_EQ(table.pending_on(1), 1u);
  EXPECT_EQ(table.pending_on(2), 1u);
}

TEST(CallTable, TakesOutExactlyWhatHasExpired) {
  base::FakeClock clock;
  CallTable table(8);
  TestCall soon, later, never;
  soon.deadline = base::Deadline::in(clock, std::chrono::seconds(1));
  later.deadline = base::Deadline::in(clock, std::chrono::seconds(2));
  for (auto* call : {&soon, &later, &never}) ASSERT_TRUE(table.add(*call));
  EXPECT_EQ(table.next_deadline().at, soon.deadline.at);
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(table.take_expired(clock.now()), std::vector<OutgoingCall*>{&soon});
  EXPECT_EQ(table.next_deadline().at, later.deadline.at);
}

}  // namespace
}  // namespace daffi::rpc
