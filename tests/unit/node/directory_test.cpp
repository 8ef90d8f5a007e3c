/// @file  Tests of the node's replica of the directory: what it refuses, what it shows.
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

// What is refused.

TEST(Directory, RefusesNonsenseAboutMembers) {
  const std::vector<wire::Change> nonsense{
      wire::MemberJoined{entry(2, "alpha again")},  // a number in use
      wire::MemberJoined{entry(0, "controller")},   // not a member's number
      wire::MemberJoined{entry(9, "")},             // no name
      wire::MemberLeft{99},
      wire::MemberSuspended{99},
      wire::MemberDraining{99},
      wire::MemberResumed{entry(99, "nobody")},
      wire::MemberResumed{entry(2, "another name")},
      wire::CallbacksAdded{99, callbacks({"h"})},
      wire::CallbacksRemoved{99, {1}},
      wire::CallbacksRemoved{2, {77}},               // a callback it does not have
      wire::CallbacksAdded{2, callbacks({"h"}, 1)},  // a callback number in use
  };
  for (std::size_t i = 0; i < nonsense.size(); ++i) {
    DirectoryTest test;
    EXPECT_TRUE(test.refused(delta(11, {nonsense[i]}))) << "change " << i;
  }
}

TEST(Directory, RefusesImpossibleNumbers) {
  DirectoryTest test;
  EXPECT_TRUE(test.refused(delta(0, {})));
  EXPECT_TRUE(test.refused(delta(~0ull, {wire::MemberLeft{2}})));
  EXPECT_THAT(test.holders("f"), ElementsAre(2, 3));
}

TEST(Directory, RefusesPartsOutOfOrder) {
  Directory directory("me");
  directory.set_own(1, 7);
  EXPECT_FALSE(directory.apply(snapshot(10, {}, 1, 2), kStart).ok());  // no first part
  ASSERT_TRUE(directory.apply(snapshot(10, {entry(2, "alpha")}, 0, 3), kStart).ok());
  EXPECT_FALSE(directory.apply(snapshot(10, {}, 2, 3), kStart).ok());  // one left out
  ASSERT_TRUE(directory.apply(snapshot(10, {entry(2, "alpha")}, 0, 3), kStart).ok());
  ASSERT_TRUE(directory.apply(snapshot(10, {}, 1, 3), kStart).ok());
  EXPECT_FALSE(directory.apply(snapshot(10, {}, 1, 3), kStart).ok());  // one twice
  ASSERT_TRUE(directory.apply(snapshot(10, {}, 0, 2), kStart).ok());
  EXPECT_FALSE(directory.apply(snapshot(11, {}, 1, 2), kStart).ok());  // of another snapshot
  EXPECT_FALSE(directory.apply(snapshot(10, {}, 3, 2), kStart).ok());  // beyond the last
  EXPECT_FALSE(directory.ready());
}

TEST(Directory, RefusesASnapshotThatContradictsItself) {
  DirectoryTest test;
  EXPECT_TRUE(test.refused(snapshot(20, {entry(2, "alpha"), entry(2, "alpha")})));
  wire::MemberEntry undescribed = entry(4, "gamma", {"h"});
  undescribed.callbacks[0].descriptor_id = 5;
  EXPECT_TRUE(test.refused(snapshot(20, {undescribed})));
  EXPECT_THAT(test.holders("f"), ElementsAre(2, 3)) << "what was known stays";
}

// Gaps.

TEST(Directory, AGapAsksForASnapshotOnceAndIgnoresWhatComesBefore) {
  DirectoryTest test;
  base::Result<bool> gap = test.directory.apply(delta(13, {wire::MemberLeft{2}}), kStart);
  ASSERT_TRUE(gap.ok());
  EXPECT_FALSE(*gap);
  EXPECT_TRUE(test.directory.ready()) << "what is known is still of use";
  EXPECT_TRUE(test.taken(delta(11, {wire::MemberLeft{2}}))) << "nobody asks twice";
  EXPECT_THAT(test.holders("f"), ElementsAre(2, 3));
  EXPECT_TRUE(test.taken(snapshot(13, {entry(3, "beta", {"f"})})));
  EXPECT_THAT(test.holders("f"), ElementsAre(3));
  EXPECT_TRUE(test.taken(delta(14, {wire::MemberLeft{3}})));
  EXPECT_THAT(test.holders("f"), IsEmpty());
}

TEST(Directory, ADescriptorThatNeverCameIsAGap) {
  DirectoryTest test;
  base::Result<bool> gap = test.directory.apply(delta(11, {wire::CallbacksAdded{2, {{9, 5, "h"}}}}), kStart);
  ASSERT_TRUE(gap.ok());
  EXPECT_FALSE(*gap);
}

TEST(Directory, ChangesThatTheSnapshotHadAreNotMadeTwice) {
  DirectoryTest test;
  EXPECT_TRUE(test.taken(delta(9, {wire::MemberJoined{entry(2, "alpha")}, wire::MemberJoined{entry(3, "beta")}})));
  EXPECT_TRUE(test.taken(delta(10, {wire::MemberJoined{entry(3, "beta")}, wire::MemberJoined{entry(4, "gamma")}})))
      << "only its second change is new";
  EXPECT_TRUE(test.directory.has_process("gamma"));
  EXPECT_TRUE(test.taken(delta(12, {wire::MemberLeft{4}})));
}

TEST(Directory, DeltasBeforeTheFirstSnapshotAreInIt) {
  Directory directory("me");
  directory.set_own(1, 7);
  base::Result<bool> early = directory.apply(delta(3, {wire::MemberLeft{12}}), kStart);
  EXPECT_TRUE(early.ok() && *early);
  EXPECT_FALSE(directory.ready());
}

TEST(Directory, DeltasBetweenTheParts) {
  Directory directory("me");
  directory.set_own(1, 7);
  ASSERT_TRUE(directory.apply(snapshot(10, {entry(2, "alpha", {"f"})}, 0, 2), kStart).ok());
  ASSERT_TRUE(directory.apply(delta(11, {wire::MemberLeft{2}}), kStart).ok());
  EXPECT_FALSE(directory.ready());
  base::Result<bool> last = directory.apply(snapshot(10, {entry(3, "beta", {"f"})}, 1, 2), kStart);
  ASSERT_TRUE(last.ok() && *last);
  EXPECT_TRUE(directory.ready());
  std::vector<Holder> holders;
  directory.find("f", holders);
  EXPECT_THAT(ids(holders), ElementsAre(3));
  EXPECT_THAT(directory.take_losses().left, ElementsAre(2));
}

TEST(Directory, ASnapshotIsSeenOnlyWhenComplete) {
  DirectoryTest test;
  ASSERT_TRUE(test.taken(snapshot(20, {entry(2, "alpha", {"x"})}, 0, 2)));
  EXPECT_THAT(test.holders("f"), ElementsAre(2, 3));
  EXPECT_THAT(test.holders("x"), IsEmpty());
  ASSERT_TRUE(test.taken(snapshot(20, {entry(4, "gamma", {"x"})}, 1, 2)));
  EXPECT_THAT(test.holders("f"), IsEmpty());
  EXPECT_THAT(test.holders("x"), ElementsAre(2, 4));
  EXPECT_THAT(test.directory.take_losses().left, ElementsAre(3));
}

TEST(Directory, ALargeMemberGoesOnInTheNextPart) {
  DirectoryTest test;
  ASSERT_TRUE(test.taken(snapshot(20, {entry(2, "alpha", {"a"})}, 0, 2)));
  wire::MemberEntry more = entry(2, "alpha");
  more.callbacks = callbacks({"b", "c"}, 2);
  ASSERT_TRUE(test.taken(snapshot(20, {more, entry(3, "beta")}, 1, 2)));
  EXPECT_THAT(test.directory.registered_callbacks(),
              ElementsAre(Pair("alpha", ElementsAre("a", "b", "c")), Pair("beta", IsEmpty())));
}

TEST(Directory, FramesOfAGroupAreSeenTogether) {
  DirectoryTest test;
  EXPECT_TRUE(test.taken(delta(11, {wire::MemberJoined{entry(4, "gamma", {"h"})}}, wire::Delta::kMore)));
  EXPECT_FALSE(test.directory.has_process("gamma"));
  EXPECT_TRUE(test.taken(delta(12, {wire::CallbacksAdded{4, callbacks({"i"}, 2)}})));
  EXPECT_TRUE(test.directory.has_process("gamma"));
  EXPECT_THAT(test.holders("i"), ElementsAre(4));
}

TEST(Directory, AGapInsideAGroupForgetsTheGroup) {
  DirectoryTest test;
  EXPECT_TRUE(test.taken(delta(11, {wire::MemberLeft{2}}, wire::Delta::kMore)));
  base::Result<bool> gap = test.directory.apply(delta(13, {wire::MemberLeft{3}}), kStart);
  EXPECT_TRUE(gap.ok() && !*gap);
  EXPECT_THAT(test.holders("f"), ElementsAre(2, 3));
}

// Members that come and go.

TEST(Directory, ASuspendedMemberIsHeldButNotThere) {
  DirectoryTest test;
  ASSERT_TRUE(test.next(wire::MemberSuspended{3}));
  EXPECT_THAT(test.holders("f"), ElementsAre(2, 3));
  EXPECT_TRUE(test.directory.find_at("beta", "f")->suspended);
  EXPECT_TRUE(test.directory.is_suspended(3));
  EXPECT_FALSE(test.directory.is_present(3));
  EXPECT_FALSE(test.directory.has_process("beta"));
  EXPECT_TRUE(test.directory.has_function("f")) << "alpha has it";
  EXPECT_EQ(test.directory.member("beta"), 3u);
  EXPECT_THAT(test.directory.registered_callbacks(), ElementsAre(Pair("alpha", ElementsAre("f", "g"))));
  EXPECT_THAT(test.directory.take_losses().suspended, ElementsAre(3));
  EXPECT_THAT(test.directory.take_losses().suspended, IsEmpty());
}

TEST(Directory, AResumedMemberHasWhatItsEntrySays) {
  DirectoryTest test;
  ASSERT_TRUE(test.next(wire::MemberSuspended{2}));
  ASSERT_TRUE(test.next(wire::MemberDraining{2}));
  ASSERT_TRUE(test.next(wire::MemberResumed{entry(2, "alpha", {"g", "h"})}));
  EXPECT_THAT(test.holders("f"), ElementsAre(3));
  EXPECT_THAT(test.holders("h"), ElementsAre(2));
  EXPECT_FALSE(test.directory.find_at("alpha", "h")->suspended);
  EXPECT_FALSE(test.directory.find_at("alpha", "h")->draining);
  EXPECT_TRUE(test.directory.has_process("alpha"));
}

TEST(Directory, ADrainingMemberIsMarked) {
  DirectoryTest test;
  ASSERT_TRUE(test.next(wire::MemberDraining{2}));
  EXPECT_TRUE(test.directory.find_at("alpha", "f")->draining);
  EXPECT_TRUE(test.directory.has_process("alpha"));
}

TEST(Directory, WhoLeftIsStillKnownByName) {
  DirectoryTest test;
  ASSERT_TRUE(test.next(wire::MemberLeft{2}));
  EXPECT_EQ(test.directory.name_of(2), "alpha");
  EXPECT_EQ(test.directory.name_of(12), "member 12");
  EXPECT_EQ(test.directory.name_of(1), "me");
  EXPECT_FALSE(test.directory.is_present(2));
  EXPECT_FALSE(test.directory.member("alpha").has_value());
  EXPECT_THAT(test.directory.take_losses().left, ElementsAre(2));
  for (MemberId id = 100; id < 1200; ++id) {
    ASSERT_TRUE(test.next(wire::MemberJoined{entry(id, "short-lived")}));
    ASSERT_TRUE(test.next(wire::MemberLeft{id}));
  }
  EXPECT_EQ(test.directory.name_of(2), "member 2") << "the memory is bounded";
  EXPECT_EQ(test.directory.name_of(1199), "short-lived");
}

TEST(Directory, OfTwoMembersWithOneNameTheNewerCountsUntilItLeaves) {
  DirectoryTest test;
  ASSERT_TRUE(test.next(wire::MemberJoined{entry(4, "alpha", {"g"})}));
  EXPECT_EQ(test.directory.member("alpha"), 4u);
  EXPECT_FALSE(test.directory.find_at("alpha", "f").has_value());
  ASSERT_TRUE(test.next(wire::MemberSuspended{4}));
  EXPECT_EQ(test.directory.member("alpha"), 2u) << "a present one is better";
  ASSERT_TRUE(test.next(wire::MemberLeft{4}));
  EXPECT_EQ(test.directory.find_at("alpha", "f")->member, 2u);
  ASSERT_TRUE(test.next(wire::MemberJoined{entry(5, "alpha", {"g"})}));
  ASSERT_TRUE(test.next(wire::MemberLeft{2}));
  EXPECT_EQ(test.directory.member("alpha"), 5u);
}

TEST(Directory, ASnapshotSaysWhoWasLostMeanwhile) {
  DirectoryTest test;
  test.directory.lost_controller(kStart, kGrace);
  test.directory.set_own(1, 7);
  EXPECT_FALSE(test.directory.ready());
  ASSERT_TRUE(test.taken(snapshot(30, {entry(1, "me"), entry(3, "beta", {"f"}, State::suspended)})));
  const Directory::Losses losses = test.directory.take_losses();
  EXPECT_THAT(losses.left, ElementsAre(2));
  EXPECT_THAT(losses.suspended, ElementsAre(3));
  EXPECT_EQ(test.directory.name_of(2), "alpha");
}

// Who is far behind gets a snapshot instead of the changes: it shows no state in between.
TEST(Directory, ASnapshotSaysWhoWasLostAndIsBackAlready) {
  DirectoryTest test;
  const auto lost = [](MemberId id, std::string name, std::uint32_t times, State state = State::present) {
    wire::MemberEntry out = entry(id, std::move(name), {"f"}, state);
    out.times_lost = times;
    return out;
  };
  ASSERT_TRUE(test.taken(snapshot(20, {entry(1, "me"), lost(2, "alpha", 1), lost(3, "beta", 0)})));
  EXPECT_THAT(test.directory.take_losses().suspended, ElementsAre(2));
  ASSERT_TRUE(test.taken(snapshot(21, {entry(1, "me"), lost(2, "alpha", 1), lost(3, "beta", 1, State::suspended)})));
  EXPECT_THAT(test.directory.take_losses().suspended, ElementsAre(3));
  ASSERT_TRUE(test.taken(snapshot(22, {entry(1, "me"), lost(2, "alpha", 1), lost(3, "beta", 1)})));
  EXPECT_THAT(test.directory.take_losses().suspended, IsEmpty()) << "that it was lost is known";
  ASSERT_TRUE(test.directory.apply(delta(23, {wire::MemberSuspended{2}}), kStart).ok());
  EXPECT_THAT(test.directory.take_losses().suspended, ElementsAre(2));
  ASSERT_TRUE(test.taken(snapshot(24, {entry(1, "me"), lost(2, "alpha", 2), lost(3, "beta", 3, State::suspended)})));
  EXPECT_THAT(test.directory.take_losses().suspended, ElementsAre(3)) << "back, and lost again";
}

TEST(Directory, ANewEpochForgetsTheMembersOfTheOld) {
  DirectoryTest test;
  test.directory.set_own(5, 8);
  EXPECT_THAT(test.holders("f"), IsEmpty());
  EXPECT_EQ(test.directory.name_of(2), "member 2");
  EXPECT_EQ(test.directory.member("me"), 5u);
  ASSERT_TRUE(test.taken(snapshot(1, {entry(2, "other", {"f"})})));
  const Directory::Losses losses = test.directory.take_losses();
  EXPECT_THAT(losses.left, IsEmpty()) << "numbers of another epoch mean nothing";
  EXPECT_THAT(test.holders("f"), ElementsAre(2));
  EXPECT_EQ(test.directory.name_of(2), "other");
}

// Callbacks.

TEST(Directory, TheLastRegistrationOfANameCountsAndTheOneBeforeComesBack) {
  DirectoryTest test;
  ASSERT_TRUE(test.next(wire::CallbacksAdded{2, callbacks({"f", "f"}, 10)}));
  EXPECT_EQ(test.directory.find_at("alpha", "f")->callback_id, 11u);
  EXPECT_THAT(test.holders("f"), ElementsAre(2, 3));
  EXPECT_THAT(test.directory.registered_callbacks()["alpha"], ElementsAre("f", "g"));
  ASSERT_TRUE(test.next(wire::CallbacksRemoved{2, {10}}));
  EXPECT_EQ(test.directory.find_at("alpha", "f")->callback_id, 11u);
  ASSERT_TRUE(test.next(wire::CallbacksRemoved{2, {11}}));
  EXPECT_EQ(test.directory.find_at("alpha", "f")->callback_id, 1u);
  ASSERT_TRUE(test.next(wire::CallbacksRemoved{2, {1}}));
  EXPECT_FALSE(test.directory.find_at("alpha", "f").has_value());
  EXPECT_THAT(test.holders("f"), ElementsAre(3));
}

TEST(Directory, NamesStandInOrderOfRegistrationWhateverTheirNumbers) {
  DirectoryTest test;
  ASSERT_TRUE(test.next(wire::CallbacksAdded{3, {{900, 1, "z"}, {5, 1, "a"}, {77, 1, "m"}}}));
  EXPECT_THAT(test.directory.registered_callbacks()["beta"], ElementsAre("f", "z", "a", "m"));
}

TEST(Directory, HoldersStandInJoiningOrder) {
  DirectoryTest test;
  ASSERT_TRUE(test.next(wire::MemberJoined{entry(9, "iota", {"f"})}));
  ASSERT_TRUE(test.next(wire::CallbacksRemoved{2, {1}}));
  ASSERT_TRUE(test.next(wire::CallbacksAdded{2, callbacks({"f"}, 20)}));
  EXPECT_THAT(test.holders("f"), ElementsAre(2, 3, 9));
}

TEST(Directory, TheOwnNodeIsNotAmongTheHoldersButCanBeNamed) {
  DirectoryTest test;
  EXPECT_THAT(test.holders("own"), IsEmpty());
  EXPECT_FALSE(test.directory.find_at("me", "own").has_value()) << "only this process knows what it has";
  const auto signature = std::make_shared<const Signature>();
  test.directory.set_own_callbacks({{"late", nullptr}, {"own", nullptr}, {"own", signature}});
  EXPECT_EQ(test.directory.find_at("me", "own")->signature, signature);
  EXPECT_EQ(test.directory.find_at("me", "own")->callback_id, 1u);
  EXPECT_EQ(test.directory.find_at("me", "late")->callback_id, 0u) << "not announced yet";
  EXPECT_EQ(test.directory.find_at("me", "late")->member, 1u);
  EXPECT_TRUE(test.directory.has_function("late"));
  EXPECT_TRUE(test.directory.has_process("me"));
}

TEST(Directory, SignaturesCome) {
  DirectoryTest test;
  wire::Delta change = delta(11, {wire::CallbacksAdded{2, {{7, 50, "sum"}, {8, 51, "any"}}}});
  change.descriptors = {descriptor(50, 2), descriptor(51, 2, wire::Descriptor::kUnchecked | wire::Descriptor::kStream)};
  ASSERT_TRUE(test.taken(change));
  const auto signature = test.directory.find_at("alpha", "sum")->signature;
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->parameters.size(), 2u);
  EXPECT_EQ(signature->parameters[1].name, "p1");
  EXPECT_FALSE(test.directory.find_at("alpha", "any")->signature) << "its callee alone can judge";
  const std::vector<MemberView> members = test.directory.members();
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].process_name, "me");
  EXPECT_EQ(members[1].callbacks.back().name, "any");
  EXPECT_TRUE(members[1].callbacks.back().signature.stream);
  EXPECT_EQ(test.directory.described("alpha", "sum")->callback_id, 7u);
  EXPECT_FALSE(test.directory.described("beta", "sum").has_value());
}

TEST(Directory, DescriptorsInUseOutliveAnyNumberOfOthers) {
  DirectoryTest test;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    wire::Delta change = delta(test.sequence++, {wire::CallbacksAdded{2, {{100, 100 + i, "x"}}}});
    change.descriptors = {descriptor(100 + i)};
    ASSERT_TRUE(test.taken(change));
    ASSERT_TRUE(test.next(wire::CallbacksRemoved{2, {100}}));
  }
  EXPECT_TRUE(test.next(wire::CallbacksAdded{3, callbacks({"h"}, 50)})) << "descriptor 1 is still there";
  base::Result<bool> old =
      test.directory.apply(delta(test.sequence, {wire::CallbacksAdded{2, {{9, 100, "x"}}}}), kStart);
  EXPECT_TRUE(old.ok() && !*old) << "descriptor 100 is not";
}

}  // namespace
}  // namespace daffi::node
