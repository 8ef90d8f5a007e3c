/// @file  RunQueue: who runs what waits, and who takes over when a callback blocks.
#include "rpc/run_queue.hpp"

#include <gtest/gtest.h>

#include <array>

namespace daffi::rpc {
namespace {

struct Nothing final : Work {
  void run(bool) override {}
  void discard() override {}
};

struct Fixture : testing::Test {
  RunQueue queue{4, 3};
  std::array<Nothing, 8> work;
  RunQueue::Runner first, second, third, fourth;
  bool backlog = false, last = false;
};

using RunQueueTest = Fixture;

TEST_F(RunQueueTest, RefusesWorkBeyondItsLimit) {
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NE(queue.put(work[i], false), RunQueue::Put::refused);
  EXPECT_EQ(queue.put(work[4], false), RunQueue::Put::refused);
  EXPECT_NE(queue.put(work[5], true), RunQueue::Put::refused);
}

TEST_F(RunQueueTest, RefusesWorkWhenEveryRunnerIsStuck) {
  for (auto* runner : {&first, &second, &third}) {
    ASSERT_NE(queue.put(work[0], false), RunQueue::Put::refused);
    ASSERT_TRUE(queue.begin(*runner, true, backlog));
    ASSERT_NE(queue.take(*runner, last), nullptr);
    queue.set_aside(*runner);
  }
  EXPECT_EQ(queue.put(work[1], false), RunQueue::Put::refused);
  EXPECT_FALSE(queue.begin(fourth, true, backlog));
}

TEST_F(RunQueueTest, GivesWorkInTheOrderItCame) {
  queue.put(work[0], false);
  queue.put(work[1], false);
  ASSERT_TRUE(queue.begin(first, false, backlog));
  EXPECT_TRUE(backlog);
  EXPECT_EQ(queue.take(first, last), &work[0]);
  EXPECT_FALSE(last);
  EXPECT_EQ(queue.take(first, last), &work[1]);
  EXPECT_TRUE(last);
  EXPECT_EQ(queue.take(first, last), nullptr);
  EXPECT_EQ(queue.running(), 0u);
}

TEST_F(RunQueueTest, WhatIsFollowedBySomethingHeavyIsTheLast) {
  work[1].heavy = true;
  for (std::size_t i = 0; i < 3; ++i) queue.put(work[i], false);
  ASSERT_TRUE(queue.begin(first, false, backlog));
  queue.take(first, last);
  EXPECT_TRUE(last) << "its answer would wait for as long as the heavy one takes";
  queue.take(first, last);
  EXPECT_FALSE(last);
}

TEST_F(RunQueueTest, LeavesABacklogToTheRunnerThatIsAtIt) {
  for (std::size_t i = 0; i < 3; ++i) queue.put(work[i], false);
  ASSERT_TRUE(queue.begin(first, false, backlog));
  queue.take(first, last);
  EXPECT_FALSE(queue.begin(second, false, backlog));
  EXPECT_TRUE(backlog) << "the tick has to watch that it moves";
}

TEST_F(RunQueueTest, ANewPieceBehindARunnersLastOneIsTakenByAnother) {
  queue.put(work[0], false);
  ASSERT_TRUE(queue.begin(first, false, backlog));
  queue.take(first, last);
  ASSERT_TRUE(last);
  EXPECT_EQ(queue.put(work[1], false), RunQueue::Put::queued_first);
  EXPECT_TRUE(queue.begin(second, false, backlog));
}

TEST_F(RunQueueTest, ATickWithoutProgressDoublesTheTakersEachTime) {
  RunQueue deep(64, 40);
  std::array<Nothing, 20> many;
  for (auto& piece : many) deep.put(piece, false);
  ASSERT_TRUE(deep.begin(first, false, backlog));
  deep.take(first, last);
  EXPECT_TRUE(backlog);
  EXPECT_EQ(deep.judge(2).takers, 1u);
  EXPECT_EQ(deep.judge(2).takers, 2u);
  EXPECT_EQ(deep.judge(2).takers, 4u);
}

TEST_F(RunQueueTest, ATickWithProgressAddsNoMoreRunnersThanCores) {
  RunQueue deep(64, 40);
  std::array<Nothing, 20> many;
  for (auto& piece : many) deep.put(piece, false);
  ASSERT_TRUE(deep.begin(first, false, backlog));
  ASSERT_TRUE(deep.begin(second, true, backlog));
  for (int i = 0; i < 2; ++i) deep.take(first, last);
  EXPECT_EQ(deep.judge(2).takers, 0u);
  for (int i = 0; i < 2; ++i) deep.take(second, last);
  EXPECT_EQ(deep.judge(3).takers, 1u);
}

TEST_F(RunQueueTest, AStuckRunnerThatComesBackLeavesTheRestToWhoeverTookOver) {
  for (std::size_t i = 0; i < 4; ++i) queue.put(work[i], false);
  ASSERT_TRUE(queue.begin(first, false, backlog));
  queue.take(first, last);
  EXPECT_TRUE(queue.set_aside(first));
  ASSERT_TRUE(queue.begin(second, true, backlog));
  EXPECT_EQ(queue.take(first, last), nullptr);
  EXPECT_EQ(queue.take(second, last), &work[1]);
}

TEST_F(RunQueueTest, ARunnerThatHasTakenNothingYetIsNotStuck) {
  RunQueue narrow{4, 2};
  narrow.put(work[0], false);
  ASSERT_TRUE(narrow.begin(first, false, backlog));
  ASSERT_EQ(narrow.take(first, last), &work[0]);
  narrow.put(work[1], false);
  ASSERT_TRUE(narrow.begin(second, true, backlog));
  EXPECT_FALSE(narrow.judge(2).saturated);
  EXPECT_EQ(narrow.take(second, last), &work[1]);
  narrow.put(work[2], true);
  EXPECT_TRUE(narrow.judge(2).saturated);
}

TEST_F(RunQueueTest, EmptiedGivesBackAllThatWaitsAndTakesMore) {
  queue.put(work[0], false);
  queue.put(work[1], false);
  Work* all = queue.take_all();
  ASSERT_EQ(all, &work[0]);
  EXPECT_EQ(all->next, &work[1]);
  EXPECT_EQ(queue.queued(), 0u);
  EXPECT_NE(queue.put(work[2], false), RunQueue::Put::refused);
}

TEST_F(RunQueueTest, ClosedGivesBackAllThatWaitsAndTakesNothingMore) {
  queue.put(work[0], false);
  queue.put(work[1], false);
  Work* all = queue.close();
  ASSERT_EQ(all, &work[0]);
  EXPECT_EQ(all->next, &work[1]);
  EXPECT_EQ(queue.queued(), 0u);
  EXPECT_EQ(queue.put(work[2], true), RunQueue::Put::refused);
}

}  // namespace
}  // namespace daffi::rpc
