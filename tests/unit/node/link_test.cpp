/// @file  A node whose controller takes it and loses it again and again.
#include <gtest/gtest.h>

#include <array>
#include <memory>

#include "base/fake_clock.hpp"
#include "net/memory.hpp"
#include "net/virtual_loop.hpp"
#include "node/node.hpp"
#include "rpc/inline_engine.hpp"
#include "wire/messages.hpp"

namespace daffi::node {
namespace {

using namespace std::chrono_literals;

/// A node, and a controller that is a script: it welcomes everybody.
class LinkTest : public testing::Test {
 protected:
  LinkTest() {
    hub_.listen([this](std::unique_ptr<net::Stream> stream) {
      ++welcomes_;
      stream_ = std::move(stream);
      wire::append_message(out_, {}, wire::Challenge{});
      wire::append_message(out_, {},
                           wire::Welcome{.member_id = 1,
                                         .epoch = 7,
                                         .max_frame_payload = wire::kMaxFramePayload,
                                         .heartbeat_ms = 15'000,
                                         .grace_ms = 5'000,
                                         .controller_name = "hub"});
      wire::Snapshot snapshot{.sequence = 1, .members = {{.member_id = 1, .process_name = "node"}}};
      if (speaks_nonsense_) snapshot.members.front().process_name.clear();
      wire::append_message(out_, {.epoch = 7}, snapshot);
      std::array<iovec, 4> pieces;
      (void)stream_->write({pieces.data(), out_.gather(pieces)});
      out_.clear();
    });
    Options options;
    options.process_name = "node";
    node_ = std::make_unique<Node>(loop_, rpc::make_inline_engine(loop_, {}), hub_.connector(), options, Events{});
    EXPECT_TRUE(node_->start().ok());
  }

  base::FakeClock clock_;
  net::VirtualLoop loop_{clock_};
  net::MemoryHub hub_{loop_};
  wire::OutQueue out_;
  std::unique_ptr<net::Stream> stream_;
  bool speaks_nonsense_ = false;
  int welcomes_ = 0;
  std::unique_ptr<Node> node_;
};

TEST_F(LinkTest, AControllerThatSpeaksNonsenseIsAskedEverMoreRarely) {
  speaks_nonsense_ = true;
  stream_->close();
  loop_.advance(10s);
  const int before = welcomes_;
  loop_.advance(60s);
  EXPECT_LT(welcomes_ - before, 130) << "two a second at most";
  EXPECT_GT(welcomes_ - before, 30) << "it does not give up";
}

TEST_F(LinkTest, AControllerLostAfterAWhileIsSoughtAtOnce) {
  for (int round = 1; round <= 10; ++round) {
    loop_.advance(5s);
    ASSERT_EQ(welcomes_, round);
    stream_->close();
    loop_.advance(100ms);
    EXPECT_EQ(welcomes_, round + 1);
  }
}

}  // namespace
}  // namespace daffi::node
