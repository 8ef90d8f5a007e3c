/// @file  Tests of the node's replica of the directory: what it expects after a loss, its waits, and a thousand
/// members.
#include "node/directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "unit/node/directory_fixture.hpp"

namespace daffi::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

using State = wire::MemberState;

// Expectations.

TEST(Directory, NothingIsExpectedThatWasNeverThere) {
  DirectoryTest test;
  EXPECT_FALSE(test.directory.is_expected("f", kStart)) << "it is there";
  EXPECT_FALSE(test.directory.is_expected("nothing", kStart));
  EXPECT_FALSE(test.directory.is_expected_process("me", kStart));
  EXPECT_FALSE(test.directory.next_expiry().has_value());
}

TEST(Directory, WhatOnlyASuspendedMemberHoldsIsExpected) {
  DirectoryTest test;
  ASSERT_TRUE(test.next(wire::MemberSuspended{2}));
  EXPECT_TRUE(test.directory.is_expected("g", kStart));
  EXPECT_FALSE(test.directory.is_expected("f", kStart)) << "beta holds it";
  EXPECT_TRUE(test.directory.is_expected_process("alpha", kStart));
  EXPECT_FALSE(test.directory.next_expiry().has_value()) << "the controller will say";
  ASSERT_TRUE(test.next(wire::MemberLeft{2}));
  EXPECT_FALSE(test.directory.is_expected("g", kStart));
  EXPECT_FALSE(test.directory.is_expected_process("alpha", kStart));
}

TEST(Directory, NamesKnownBeforeTheLossAreExpectedUntilTheGraceEnds) {
  DirectoryTest test;
  test.directory.lost_controller(kStart, kGrace);
  const base::SteadyTime back = kStart + std::chrono::minutes(1);
  EXPECT_TRUE(test.directory.is_expected("f", back)) << "nobody could come back so far";
  EXPECT_FALSE(test.directory.is_expected("own", back)) << "nobody else held it";
  test.directory.set_own(1, 8);
  EXPECT_TRUE(test.directory.is_expected_process("beta", back));
  EXPECT_FALSE(test.directory.next_expiry().has_value());
  ASSERT_TRUE(test.taken(snapshot(1, {entry(1, "me")}), back));
  EXPECT_EQ(test.directory.next_expiry(), back + kGrace);
  const base::SteadyTime last = back + kGrace - base::Duration(1);
  EXPECT_TRUE(test.directory.is_expected("f", last));
  EXPECT_TRUE(test.directory.is_expected_process("alpha", last));
  EXPECT_FALSE(test.directory.is_expected("f", back + kGrace));
  EXPECT_FALSE(test.directory.is_expected_process("alpha", back + kGrace));
  ASSERT_TRUE(test.directory.apply(delta(2, {}), back + kGrace).ok());
  EXPECT_FALSE(test.directory.next_expiry().has_value());
}

TEST(Directory, AProcessThatIsBackIsNotExpectedNorWhatItHeldOnlyThen) {
  DirectoryTest test;
  test.directory.lost_controller(kStart, kGrace);
  test.directory.set_own(1, 8);
  ASSERT_TRUE(test.taken(snapshot(1, {entry(2, "alpha", {"f"})})));
  EXPECT_FALSE(test.directory.is_expected("g", kStart)) << "alpha is back without it";
  EXPECT_FALSE(test.directory.is_expected("f", kStart)) << "alpha has it";
  EXPECT_TRUE(test.directory.is_expected_process("beta", kStart));
  ASSERT_TRUE(test.taken(delta(2, {wire::MemberLeft{2}})));
  EXPECT_TRUE(test.directory.is_expected("f", kStart)) << "beta may come back";
  ASSERT_TRUE(test.taken(delta(3, {wire::MemberJoined{entry(3, "beta")}})));
  EXPECT_FALSE(test.directory.is_expected("f", kStart));
  EXPECT_FALSE(test.directory.next_expiry().has_value());
}

TEST(Directory, AFreshSnapshotOfTheSameConnectionDoesNotProlongExpectations) {
  DirectoryTest test;
  test.directory.lost_controller(kStart, kGrace);
  test.directory.set_own(1, 8);
  ASSERT_TRUE(test.taken(snapshot(1, {}), kStart));
  ASSERT_TRUE(test.taken(snapshot(2, {}), kStart + std::chrono::seconds(3)));
  EXPECT_EQ(test.directory.next_expiry(), kStart + kGrace);
}

TEST(Directory, ASecondLossKeepsWhatIsStillExpected) {
  DirectoryTest test;
  test.directory.lost_controller(kStart, kGrace);
  test.directory.set_own(1, 8);
  ASSERT_TRUE(test.taken(snapshot(1, {entry(2, "alpha", {"f"})}), kStart));
  test.directory.lost_controller(kStart + std::chrono::seconds(1), kGrace);
  test.directory.set_own(1, 9);
  EXPECT_TRUE(test.directory.is_expected_process("alpha", kStart + std::chrono::seconds(2)));
  EXPECT_TRUE(test.directory.is_expected_process("beta", kStart + std::chrono::seconds(2)));
  ASSERT_TRUE(test.taken(snapshot(1, {}), kStart + std::chrono::seconds(2)));
  test.directory.lost_controller(kStart + std::chrono::seconds(60), kGrace);
  EXPECT_FALSE(test.directory.is_expected_process("beta", kStart + std::chrono::seconds(60))) << "that time was over";
}

// While the controller is away.

TEST(Directory, NobodyIsThereWhileTheControllerIsAway) {
  DirectoryTest test;
  test.directory.lost_controller(kStart, kGrace);
  EXPECT_FALSE(test.directory.has_process("alpha"));
  EXPECT_FALSE(test.directory.has_function("f"));
  EXPECT_TRUE(test.directory.has_process("me"));
  test.directory.set_own(1, 7);
  EXPECT_FALSE(test.directory.has_process("alpha"));
  ASSERT_TRUE(test.taken(DirectoryTest::known()));
  EXPECT_TRUE(test.directory.has_process("alpha"));
  EXPECT_THAT(test.directory.take_losses().left, IsEmpty());
}

TEST(Directory, TheVersionDiffersAfterEachChangeOnly) {
  DirectoryTest test;
  std::uint64_t version = test.directory.version();
  EXPECT_NE(version, 0u);
  const auto has_changed = [&] { return std::exchange(version, test.directory.version()) != version; };
  EXPECT_TRUE(test.taken(delta(11, {})));
  EXPECT_FALSE(has_changed());
  EXPECT_TRUE(test.next(wire::MemberDraining{2}));
  EXPECT_TRUE(has_changed());
  EXPECT_TRUE(test.taken(snapshot(20, {}, 0, 2)));
  EXPECT_FALSE(has_changed());
  EXPECT_TRUE(test.taken(snapshot(20, {}, 1, 2)));
  EXPECT_TRUE(has_changed());
  test.directory.set_own_callbacks({});
  EXPECT_TRUE(has_changed());
  test.directory.lost_controller(kStart, kGrace);
  EXPECT_TRUE(has_changed());
}

// Waits.

TEST(Directory, AForgottenWaitIsNeverHandedOut) {
  DirectoryTest test;
  const std::uint64_t id = test.directory.when([] { return true; }, [] { FAIL(); });
  EXPECT_TRUE(test.directory.forget_wait(id));
  EXPECT_FALSE(test.directory.forget_wait(id));
  EXPECT_THAT(test.directory.take_due(), IsEmpty());
}

TEST(Directory, AWaitEndsOnceWhenItsCheckIsTrue) {
  DirectoryTest test;
  int done = 0;
  const auto id = test.directory.when([&] { return test.directory.has_process("gamma"); }, [&] { ++done; });
  EXPECT_THAT(test.directory.take_due(), IsEmpty());
  ASSERT_TRUE(test.next(wire::MemberJoined{entry(4, "gamma")}));
  for (const auto& run : test.directory.take_due()) run();
  EXPECT_EQ(done, 1);
  EXPECT_FALSE(test.directory.forget_wait(id)) << "too late";
  EXPECT_THAT(test.directory.take_due(), IsEmpty());
}

TEST(Directory, AWaitThatWasTrueWhenItWasAddedStaysDue) {
  DirectoryTest test;
  ASSERT_NE(test.directory.when([&] { return test.directory.has_process("alpha"); }, [] {}), 0u);
  ASSERT_TRUE(test.next(wire::MemberLeft{2}));
  EXPECT_EQ(test.directory.take_due().size(), 1u);
}

TEST(Directory, TooManyWaitsAreNotTaken) {
  DirectoryTest test;
  for (std::size_t i = 0; i < (1u << 16); ++i) ASSERT_NE(test.directory.when([] { return false; }, [] {}), 0u);
  EXPECT_EQ(test.directory.when([] { return true; }, [] {}), 0u);
}

// Size.

TEST(Directory, AThousandMembersComeAndGo) {
  DirectoryTest test;
  Names names;
  for (int i = 0; i < 10; ++i) names.push_back("callback_" + std::to_string(i));
  for (MemberId id = 100; id < 1100; ++id) {
    ASSERT_TRUE(test.next(wire::MemberJoined{entry(id, "p" + std::to_string(id), names)}));
  }
  EXPECT_EQ(test.holders("callback_7").size(), 1000u);
  for (MemberId id = 100; id < 1100; ++id) ASSERT_TRUE(test.next(wire::MemberLeft{id}));
  EXPECT_THAT(test.holders("callback_7"), IsEmpty());
  EXPECT_EQ(test.directory.take_losses().left.size(), 1000u);
}

TEST(Directory, LookupsGoOnWhileChangesCome) {
  DirectoryTest test;
  std::atomic<bool> over{false};
  std::thread reader([&] {
    std::vector<Holder> out;
    while (!over) {
      test.directory.find("h", out);
      EXPECT_LE(out.size(), 1u);
      (void)test.directory.has_process("gamma");
      (void)test.directory.unknown_callback_text("gg");
      test.directory.forget_wait(test.directory.when([&] { return test.directory.has_function("h"); }, [] {}));
    }
  });
  for (MemberId id = 10; id < 300; ++id) {
    EXPECT_TRUE(test.next(wire::MemberJoined{entry(id, "gamma", {"h", "i"})}));
    for (const auto& run : test.directory.take_due()) run();
    EXPECT_TRUE(test.next(wire::MemberLeft{id}));
  }
  over = true;
  reader.join();
}

}  // namespace
}  // namespace daffi::node
