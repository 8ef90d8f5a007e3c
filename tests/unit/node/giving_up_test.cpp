/// @file  Calls that their callee never answers, or whose callee is not listened to any more: each ends all the same.
#include <gtest/gtest.h>

#include "node_frames_fixture.hpp"

namespace daffi::node {
namespace {

class GivingUp : public NodeFrames {
 protected:
  base::Result<std::shared_ptr<detail::PendingCall>> start(detail::CallSpec spec) {
    Writer arguments(detail::kCallHeadroom);
    arguments.array(0);
    arguments.map(0);
    return node_->start_call(std::make_shared<detail::CallSpec>(std::move(spec)), arguments);
  }
  std::shared_ptr<detail::PendingCall> call_from_here(detail::CallSpec spec) {
    auto started = start(std::move(spec));
    EXPECT_TRUE(started.ok());
    world_.settle();
    return started.ok() ? *started : nullptr;
  }
  static ErrorCode code_of_error(const std::exception_ptr& error) {
    return thrown_by([&] {
      if (error) std::rethrow_exception(error);
    });
  }
  // Credit of nothing is what no member may send.
  void cut_off_raw() {
    call("numbers", 5, wire::CallHead::kWantsStream);
    grant(5, 0, {0, 0});
    ASSERT_TRUE(raw_->take(FrameKind::error));
  }
};

TEST_F(GivingUp, ACallWithEtaEndsWithItsTimeout) {
  detail::CallSpec spec;
  spec.name = "takes";
  spec.eta = 1s;
  spec.timeout = 1s;
  const auto pending = call_from_here(spec);
  world_.pass(1100ms);
  EXPECT_EQ(received(FrameKind::call), 1u);
  EXPECT_FALSE(pending->ready());
  world_.pass(1s);
  ASSERT_TRUE(pending->ready());
  EXPECT_EQ(code_of_error(pending->error()), ErrorCode::timeout);
}

// Waits for something that never comes, until it is let go of.
class Silent final : public detail::ItemProducer {
 public:
  Next next(Writer&, const std::function<void()>&) override { return Next::later; }
  bool ends_while_asked() const override { return true; }
};

TEST_F(GivingUp, AFeedWithoutAFirstItemEndsWithItsTimeout) {
  detail::CallSpec spec;
  spec.name = "takes";
  spec.timeout = 1s;
  const auto fed = node_->feed(spec, std::make_unique<Silent>(), false);
  ASSERT_TRUE(fed.ok());
  world_.pass(500ms);
  EXPECT_FALSE((*fed)->ready());
  world_.pass(600ms);
  ASSERT_TRUE((*fed)->ready());
  EXPECT_EQ(code_of_error((*fed)->error()), ErrorCode::wait_timeout);
  EXPECT_EQ(received(FrameKind::call), 0u);
}

TEST_F(GivingUp, ABroadcastDoesNotWaitForWhoIsCutOff) {
  cut_off_raw();
  detail::CallSpec spec;
  spec.name = "takes";
  spec.broadcast = true;
  const auto pending = call_from_here(spec);
  EXPECT_TRUE(pending->ready());
}

TEST_F(GivingUp, AFeedDoesNotWaitForWhoIsCutOff) {
  cut_off_raw();
  const auto pending = feed(3);
  ASSERT_TRUE(pending->ready());
  EXPECT_EQ(code_of_error(pending->error()), ErrorCode::protocol);
}

TEST_F(GivingUp, ANameThatNobodyHoldsIsUnknownThoughSomebodyIsCutOff) {
  cut_off_raw();
  detail::CallSpec spec;
  spec.name = "nothing_like_it";
  const auto started = start(spec);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.failure().code, ErrorCode::unknown_callback);
}

}  // namespace
}  // namespace daffi::node
