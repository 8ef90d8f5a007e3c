/// @file  Tests of how threads are started.
#include "base/threads.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <memory>

namespace daffi::base {
namespace {

TEST(Threads, StartWithSignalsBlockedAndLeaveTheStarterAlone) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  bool blocked = false;
  std::string name(16, '\0');
  spawn("a-name-longer-than-fifteen", [&, only_movable = std::make_unique<int>(1)] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = sigismember(&mask, SIGINT) == 1;
    pthread_getname_np(pthread_self(), name.data(), name.size());
  }).join();
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_TRUE(blocked);
  EXPECT_STREQ(name.c_str(), "a-name-longer-t");
  EXPECT_EQ(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
}

}  // namespace
}  // namespace daffi::base
