/// @file  What a node takes of floods: pings of its controller, and cancels that its controller let through.
#include <gtest/gtest.h>

#include "base/fake_clock.hpp"
#include "net/memory.hpp"
#include "net/virtual_loop.hpp"
#include "node/node.hpp"
#include "rpc/inline_engine.hpp"
#include "session/rate_budget.hpp"
#include "wire/messages.hpp"
#include "wire/out_queue.hpp"

namespace daffi::node {
namespace {

using namespace std::chrono_literals;
using wire::FrameKind;

constexpr std::uint32_t kEpoch = 0x01020304, kOwn = 1, kFlooder = 2, kOther = 3;

// A node, and a controller that is a script: it says what a real one would not.
class NodeBudget : public testing::Test {
 protected:
  NodeBudget() {
    hub_.listen([this](std::unique_ptr<net::Stream> stream) {
      stream_ = std::move(stream);
      ++connections_;
      welcome();
    });
    Options options;
    options.process_name = "node";
    options.heartbeat = 3600s;
    node_ = std::make_unique<Node>(loop_, rpc::make_inline_engine(loop_, {}), hub_.connector(), options, Events{});
    detail::CallbackSpec spec;
    spec.name = "f";
    spec.handler = [this](detail::Invocation& call) {
      ++served_;
      call.result().integer(1);
    };
    callback_ = node_->add_callback(std::move(spec)).id;
    EXPECT_TRUE(node_->start().ok());
    EXPECT_EQ(connections_, 1u);
  }

  void welcome() {
    wire::append_message(out_, {}, wire::Challenge{});
    wire::append_message(out_, {},
                         wire::Welcome{.member_id = kOwn,
                                       .epoch = kEpoch,
                                       .max_frame_payload = wire::kMaxFramePayload,
                                       .heartbeat_ms = 3'600'000,
                                       .grace_ms = 5'000,
                                       .controller_name = "hub"});
    wire::Snapshot snapshot{.sequence = 1};
    for (const auto& [id, name] : {std::pair(kOwn, "node"), std::pair(kFlooder, "flooder"), std::pair(kOther, "other")})
      snapshot.members.push_back({.member_id = id, .process_name = name, .language = "c++"});
    wire::append_message(out_, {.epoch = kEpoch}, snapshot);
    flush();
  }
  void say(FrameKind kind, std::uint32_t from, std::uint64_t id, std::string_view payload = {}) {
    out_.append_frame(
        {.size = static_cast<std::uint32_t>(payload.size()), .kind = kind, .epoch = kEpoch, .member = from, .id = id},
        base::as_bytes(payload));
  }
  void call(std::uint32_t from) {
    std::array<std::byte, wire::kCallHeadSize> head;
    wire::encode_call_head({.callback_id = callback_, .remaining_ms = wire::CallHead::kNoLimit}, head);
    say(FrameKind::call, from, 1, std::string(base::as_text(head)) + "\x90\x80");
    flush();
  }
  // Sends what was said, lets the node act, and takes what it answers.
  void flush() {
    while (stream_ && !out_.empty()) {
      iovec pieces[8];
      const auto put = stream_->write({pieces, out_.gather(pieces)});
      if (put.status == net::IoStatus::ok) {
        out_.consume(put.bytes);
        continue;
      }
      if (put.status != net::IoStatus::would_block) break;
      loop_.run_ready();
      drain();
    }
    loop_.run_ready();
    drain();
  }
  void drain() {
    std::array<std::byte, 65536> bytes;
    while (stream_ && stream_->read(bytes).status == net::IoStatus::ok) loop_.run_ready();
  }
  void flood(FrameKind kind, std::uint32_t from, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      say(kind, from, i);
      if (i % 1024 == 0) flush();
    }
    flush();
  }

  base::FakeClock clock_;
  net::VirtualLoop loop_{clock_};
  net::MemoryHub hub_{loop_};
  wire::OutQueue out_;
  std::unique_ptr<net::Stream> stream_;
  std::size_t connections_ = 0;
  int served_ = 0;
  std::uint32_t callback_ = 0;
  std::unique_ptr<Node> node_;
};

TEST_F(NodeBudget, OfPingsIsTheControllersAndBeyondItTheConnectionIsMadeAnew) {
  flood(FrameKind::ping, 0, session::kControlRate.burst);
  EXPECT_TRUE(node_->connected());
  loop_.advance(1s);
  flood(FrameKind::ping, 0, session::kControlRate.per_second);
  EXPECT_TRUE(node_->connected()) << "what a second gives back";
  EXPECT_EQ(connections_, 1u);
  flood(FrameKind::ping, 0, 1);
  out_.clear();
  loop_.advance(5s);
  EXPECT_EQ(connections_, 2u);
  EXPECT_TRUE(node_->connected());
  EXPECT_EQ(node_->stats().reconnects, 1u);
  call(kOther);
  EXPECT_EQ(served_, 1);
}

TEST_F(NodeBudget, OfCancelsIsEachMembersAndBeyondItThatMemberIsNotListenedTo) {
  flood(FrameKind::cancel, kFlooder, 2 * session::kCancelRate.burst);
  call(kFlooder);
  EXPECT_EQ(served_, 1) << "not before";
  flood(FrameKind::cancel, kFlooder, 1);
  call(kFlooder);
  EXPECT_EQ(served_, 1) << "and not later";
  call(kOther);
  EXPECT_EQ(served_, 2) << "nobody else notices";
  EXPECT_TRUE(node_->connected());
  EXPECT_EQ(connections_, 1u);
}

}  // namespace
}  // namespace daffi::node
