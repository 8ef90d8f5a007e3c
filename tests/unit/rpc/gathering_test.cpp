/// @file  Gathering, alone and in the table: each member answers once, and the last one ends the call.
#include "rpc/gathering.hpp"

#include <gtest/gtest.h>

#include "rpc/outgoing_call.hpp"

namespace daffi::rpc {
namespace {

using Kind = wire::FrameKind;
using State = Gathering::Entry::State;
using base::as_bytes;

TEST(Gathering, CountsOnlyAnswersThatAreAwaited) {
  Gathering gathering(1000);
  EXPECT_FALSE(gathering.answer(1, Kind::result, {})) << "nobody is expected yet";
  EXPECT_FALSE(gathering.complete());
  gathering.expect({{3, "c"}, {1, "a"}, {3, "c"}});
  EXPECT_FALSE(gathering.answer(2, Kind::result, {}));
  EXPECT_TRUE(gathering.answer(3, Kind::error, as_bytes("no")));
  EXPECT_FALSE(gathering.answer(3, Kind::result, {})) << "it has answered";
  EXPECT_FALSE(gathering.lose(3));
  EXPECT_FALSE(gathering.complete());
  EXPECT_TRUE(gathering.lose(1));
  EXPECT_TRUE(gathering.complete());
  ASSERT_EQ(gathering.entries().size(), 2u);
  EXPECT_EQ(gathering.entries()[0].state, State::lost);
  EXPECT_EQ(gathering.entries()[1].kind, Kind::error);
  EXPECT_EQ(base::as_text(gathering.entries()[1].payload), "no");
}

TEST(Gathering, OfNobodyIsComplete) {
  Gathering gathering(1000);
  gathering.expect({});
  EXPECT_TRUE(gathering.complete());
}

TEST(Gathering, KeepsNoMoreThanItsLimit) {
  Gathering gathering(10);
  gathering.expect({{1, "a"}, {2, "b"}, {3, "c"}});
  EXPECT_TRUE(gathering.answer(1, Kind::result, as_bytes("12345678")));
  EXPECT_TRUE(gathering.answer(2, Kind::result, as_bytes("123")));
  EXPECT_TRUE(gathering.answer(3, Kind::result, as_bytes("12")));
  EXPECT_TRUE(gathering.complete());
  EXPECT_EQ(gathering.entries()[1].state, State::too_large);
  EXPECT_TRUE(gathering.entries()[1].payload.empty());
  EXPECT_EQ(gathering.entries()[2].state, State::answered);
}

struct TestCall final : OutgoingCall {
  TestCall() : OutgoingCall(none) {
    target = kMany;
    gathering = std::make_unique<Gathering>(1000);
  }
  void settle(Engine&) override {}
  static inline const detail::CallSpec none{};
};

struct Single final : OutgoingCall {
  Single() : OutgoingCall(TestCall::none) { target = 1; }
  void settle(Engine&) override {}
};

TEST(CallTableOfMany, GivesTheCallOutWithTheLastAnswer) {
  CallTable table(8);
  TestCall call;
  ASSERT_TRUE(table.add(call));
  const auto id = call.id.load();
  EXPECT_FALSE(table.take_part(id, 1, Kind::result, {}).known) << "it is not known who answers";
  EXPECT_TRUE(table.expect(id, {{1, "a"}, {2, "b"}}).known);
  EXPECT_FALSE(table.expect(id, {}).known) << "that is said once";
  EXPECT_EQ(table.take(id, 1), nullptr) << "no single answer ends it";
  EXPECT_EQ(table.take_part(id, 1, Kind::result, {}).call, nullptr);
  EXPECT_FALSE(table.take_part(id, 1, Kind::result, {}).known);
  EXPECT_EQ(table.take_part(id, 2, Kind::result, {}).call, &call);
  EXPECT_FALSE(table.take_part(id, 2, Kind::result, {}).known);
  EXPECT_EQ(table.size(), 0u);
}

TEST(CallTableOfMany, WithNobodyEndsAtOnce) {
  CallTable table(8);
  TestCall call;
  ASSERT_TRUE(table.add(call));
  EXPECT_EQ(table.expect(call.id.load(), {}).call, &call);
}

TEST(CallTableOfMany, KnowsNoCallsToOne) {
  CallTable table(8);
  Single call;
  ASSERT_TRUE(table.add(call));
  EXPECT_FALSE(table.expect(call.id.load(), {}).known);
  EXPECT_FALSE(table.take_part(call.id.load(), 1, Kind::result, {}).known);
  EXPECT_TRUE(table.take_completed_without(1).empty());
  EXPECT_EQ(table.take(call.id.load(), 1), &call);
}

TEST(CallTableOfMany, LosesAMemberInAllThatWaitForIt) {
  CallTable table(8);
  TestCall first, second, third;
  for (TestCall* call : {&first, &second, &third}) ASSERT_TRUE(table.add(*call));
  ASSERT_TRUE(table.expect(first.id.load(), {{1, "a"}}).known);
  ASSERT_TRUE(table.expect(second.id.load(), {{1, "a"}, {2, "b"}}).known);
  ASSERT_TRUE(table.expect(third.id.load(), {{2, "b"}}).known);
  EXPECT_EQ(table.take_completed_without(1), std::vector<OutgoingCall*>{&first});
  EXPECT_EQ(table.take_part(second.id.load(), 2, Kind::result, {}).call, &second);
  EXPECT_EQ(table.take(third.id.load()), &third);
}

}  // namespace
}  // namespace daffi::rpc
