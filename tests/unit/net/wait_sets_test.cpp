/// @file  WaitSets over a real socket pair: who is told of input, and who is not.
#include "net/wait_sets.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace daffi::net {
namespace {

class WaitSetsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()), 0);
    sets_ = *WaitSets::create();
    ASSERT_TRUE(sets_->attach(ends_[0]).ok());
    drain();
  }
  void TearDown() override {
    sets_->detach(ends_[0]);
    for (const int fd : ends_) ::close(fd);
  }

  void peer_sends() { ASSERT_EQ(::write(ends_[1], "x", 1), 1); }
  void drain() {
    while (user_is_told() || worker_is_told()) {
    }
  }
  // Without waiting.
  bool user_is_told() { return !sets_->wait_user(base::Duration::zero()).timed_out; }
  bool worker_is_told() { return !sets_->wait_worker(base::Duration::zero()).timed_out; }

  std::array<int, 2> ends_{};
  std::unique_ptr<WaitSets> sets_;
};

TEST_F(WaitSetsTest, InputThatIsLeftToCallersIsNotToldToHandlerThreads) {
  sets_->leave_input_to_callers();
  EXPECT_TRUE(sets_->input_left_to_callers());
  peer_sends();
  EXPECT_FALSE(worker_is_told());
  EXPECT_TRUE(user_is_told());
}

TEST_F(WaitSetsTest, InputThatCameWhileItWasLeftToCallersIsToldWhenItIsSharedAgain) {
  sets_->leave_input_to_callers();
  peer_sends();
  sets_->share_input();
  EXPECT_FALSE(sets_->input_left_to_callers());
  EXPECT_TRUE(worker_is_told());
  peer_sends();
  EXPECT_TRUE(worker_is_told());
}

TEST_F(WaitSetsTest, SharingWhatIsSharedChangesNothing) {
  sets_->share_input();
  EXPECT_FALSE(worker_is_told());
  peer_sends();
  EXPECT_TRUE(worker_is_told());
}

TEST_F(WaitSetsTest, HandlerThreadsAreToldOfEverythingElseAllTheSame) {
  sets_->leave_input_to_callers();
  sets_->kick_worker();
  EXPECT_TRUE(worker_is_told());
  sets_->stop();
  EXPECT_TRUE(sets_->wait_worker(base::Duration::zero()).stopped);
}

TEST_F(WaitSetsTest, ANewConnectionIsSharedFromItsBeginning) {
  sets_->leave_input_to_callers();
  sets_->detach(ends_[0]);
  EXPECT_FALSE(sets_->input_left_to_callers());
  ASSERT_TRUE(sets_->attach(ends_[0]).ok());
  drain();
  peer_sends();
  EXPECT_TRUE(worker_is_told());
}

TEST_F(WaitSetsTest, WithoutAConnectionThereIsNothingToLeave) {
  sets_->detach(ends_[0]);
  sets_->leave_input_to_callers();
  EXPECT_FALSE(sets_->input_left_to_callers());
  sets_->share_input();
  EXPECT_FALSE(worker_is_told());
}

}  // namespace
}  // namespace daffi::net
