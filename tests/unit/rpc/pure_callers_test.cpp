/// @file  PureCallers: when input may be left to those who wait for it.
#include "rpc/pure_callers.hpp"

#include <gtest/gtest.h>

namespace daffi::rpc {
namespace {

void begin_work(PureCallers& callers) {
  callers.note_wait();
  EXPECT_TRUE(callers.judge(true));
}

TEST(PureCallers, AreNoneAtFirst) { EXPECT_FALSE(PureCallers().judge(true)); }

TEST(PureCallers, AreNotThoseWhoWaitForOneCallAfterTheOther) {
  PureCallers callers;
  callers.note_wait();
  EXPECT_FALSE(callers.judge(false));
}

TEST(PureCallers, AreNotWhereCallbacksRunToo) {
  PureCallers callers;
  callers.note_wait();
  callers.note_work();
  EXPECT_FALSE(callers.judge(true));
}

TEST(PureCallers, RemainAsLongAsTheyComeBack) {
  PureCallers callers;
  begin_work(callers);
  for (int tick = 0; tick < 5; ++tick) {
    callers.note_wait();
    EXPECT_TRUE(callers.judge(false));
  }
}

TEST(PureCallers, AreBelievedInOnceWhenTheyAreSilent) {
  PureCallers callers;
  begin_work(callers);
  EXPECT_TRUE(callers.judge(true));
  EXPECT_FALSE(callers.judge(true));
  EXPECT_FALSE(callers.judge(true));
  callers.note_wait();
  EXPECT_TRUE(callers.judge(true));
}

TEST(PureCallers, AreNoneAnyMoreAsSoonAsThereIsOtherWork) {
  PureCallers callers;
  begin_work(callers);
  callers.note_wait();
  callers.note_work();
  EXPECT_FALSE(callers.judge(true));
}

}  // namespace
}  // namespace daffi::rpc
