/// @file  A node's calls to members that are lost, told by a controller that is a script.
#include <gtest/gtest.h>

#include "node_frames_fixture.hpp"

namespace daffi::node {
namespace {

using namespace std::chrono_literals;
using wire::FrameKind;

constexpr std::uint32_t kEpoch = 7, kOwn = 1, kFirst = 2, kSecond = 3;

class LostMember : public testing::Test {
 protected:
  LostMember() {
    hub_.listen([this](std::unique_ptr<net::Stream> stream) {
      stream_ = std::move(stream);
      wire::append_message(out_, {}, wire::Challenge{});
      wire::append_message(out_, {},
                           wire::Welcome{.member_id = kOwn,
                                         .epoch = kEpoch,
                                         .max_frame_payload = wire::kMaxFramePayload,
                                         .heartbeat_ms = 15'000,
                                         .grace_ms = 5'000,
                                         .controller_name = "hub"});
      say(wire::Snapshot{.sequence = 1,
                         .descriptors = {{.id = 1, .language = "c++", .returns = "int"}},
                         .members = {member(kOwn, "node", false), member(kFirst, "first", true)}});
    });
    Options options;
    options.process_name = "node";
    node_ = std::make_unique<Node>(loop_, rpc::make_inline_engine(loop_, {}), hub_.connector(), options, Events{});
    EXPECT_TRUE(node_->start().ok());
    loop_.advance(10ms);
    (void)frames();
  }
  static wire::MemberEntry member(std::uint32_t id, std::string name, bool holds) {
    wire::MemberEntry entry{.member_id = id, .process_name = std::move(name), .language = "c++", .callbacks = {}};
    if (holds) entry.callbacks.push_back({1, 1, "f"});
    return entry;
  }

  template <typename M>
  void append(const M& message) {
    wire::append_message(out_, {.epoch = kEpoch}, message);
  }
  void append_change(wire::Change what) {
    append(wire::Delta{.first_sequence = ++sequence_, .changes = {std::move(what)}});
  }
  template <typename M>
  void say(const M& message) {
    append(message);
    flush();
  }
  void flush() {
    while (!out_.empty()) {
      iovec piece[1];
      const std::size_t count = out_.gather(piece);
      ASSERT_GT(count, 0u);
      ASSERT_EQ(stream_->write({piece, 1}).bytes, piece[0].iov_len);
      out_.consume(piece[0].iov_len);
    }
    loop_.advance(1ms);
  }
  void change(wire::Change what) {
    append_change(std::move(what));
    flush();
  }
  void answer(const wire::Header& ping) {
    out_.append_frame({.kind = FrameKind::pong, .epoch = kEpoch, .id = ping.id}, base::Bytes());
    flush();
  }
  void bounce(const controller::Received& call) {
    wire::append_returned(
        out_, {.kind = FrameKind::bounce, .epoch = kEpoch, .member = call.header.member, .id = call.header.id},
        ErrorCode::draining, "that member is stopping", {nullptr, call.payload});
    flush();
  }

  // What the node has written since.
  std::vector<controller::Received> frames() {
    std::array<std::byte, 4096> space;
    for (;;) {
      const auto got = stream_->read(space);
      if (got.bytes == 0) break;
      received_.insert(received_.end(), space.begin(), space.begin() + static_cast<std::ptrdiff_t>(got.bytes));
    }
    if (!greeted_) {
      greeted_ = true;
      received_.clear();
    }
    std::vector<controller::Received> out;
    while (received_.size() >= wire::kHeaderSize) {
      const auto header = wire::decode_header(std::span(received_).first<wire::kHeaderSize>());
      const std::size_t whole = wire::kHeaderSize + header.size;
      if (received_.size() < whole) break;
      out.push_back({header, {received_.begin() + wire::kHeaderSize, received_.begin() + static_cast<long>(whole)}});
      received_.erase(received_.begin(), received_.begin() + static_cast<long>(whole));
    }
    return out;
  }
  controller::Received only(FrameKind kind) {
    auto all = frames();
    std::erase_if(all, [kind](const auto& frame) { return frame.header.kind != kind; });
    EXPECT_EQ(all.size(), 1u) << wire::to_string(kind);
    return all.empty() ? controller::Received{} : all.front();
  }

  std::shared_ptr<detail::PendingCall> call() {
    spec_.name = "f";
    Writer arguments(detail::kCallHeadroom);
    arguments.array(0);
    arguments.map(0);
    auto started = node_->start_call(std::make_shared<detail::CallSpec>(spec_), arguments);
    EXPECT_TRUE(started.ok());
    loop_.advance(1ms);
    return *started;
  }

  base::FakeClock clock_;
  net::VirtualLoop loop_{clock_};
  net::MemoryHub hub_{loop_};
  wire::OutQueue out_;
  std::uint64_t sequence_ = 1;
  std::unique_ptr<net::Stream> stream_;
  std::vector<std::byte> received_;
  bool greeted_ = false;
  detail::CallSpec spec_;
  int made_ = 0, gone_ = 0;
  std::unique_ptr<Node> node_;
};

TEST_F(LostMember, ACallThatCrossedTheNewsComesBackAndGoesToAnother) {
  const auto pending = call();
  const auto sent = only(FrameKind::call);
  EXPECT_EQ(sent.header.member, kFirst);
  change(wire::MemberDraining{kFirst});
  change(wire::MemberJoined{member(kSecond, "second", true)});
  change(wire::MemberLeft{kFirst});
  EXPECT_FALSE(pending->ready()) << "it may still come back";
  const auto asked = only(FrameKind::ping);
  bounce(sent);
  EXPECT_EQ(only(FrameKind::call).header.member, kSecond);
  answer(asked.header);
  EXPECT_FALSE(pending->ready());
}

TEST_F(LostMember, ACallThatHasNotComeBackWhenTheControllerAnswersMayHaveRun) {
  for (const bool left : {true, false}) {
    const auto pending = call();
    if (left) change(wire::MemberLeft{kFirst});
    if (!left) change(wire::MemberSuspended{kSecond});
    EXPECT_FALSE(pending->ready());
    answer(only(FrameKind::ping).header);
    ASSERT_TRUE(pending->ready());
    try {
      std::rethrow_exception(pending->error());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::remote_stopped);
      EXPECT_TRUE(error.may_have_run());
    }
    if (left) change(wire::MemberJoined{member(kSecond, "second", true)});
    (void)frames();
  }
}

TEST_F(LostMember, OfWhichOnlyASnapshotTellsTakesItsCallsWithIt) {
  const auto pending = call();
  wire::MemberEntry back = member(kFirst, "first", true);
  back.times_lost = 1;
  say(wire::Snapshot{.sequence = 5,
                     .descriptors = {{.id = 1, .language = "c++", .returns = "int"}},
                     .members = {member(kOwn, "node", false), back}});
  answer(only(FrameKind::ping).header);
  EXPECT_TRUE(pending->ready());
}

TEST_F(LostMember, ThatIsBackIsNotBlamedForWhatWasSentToItBefore) {
  const auto before = call();
  change(wire::MemberSuspended{kFirst});
  change(wire::MemberResumed{member(kFirst, "first", true)});
  const auto after = call();
  answer(only(FrameKind::ping).header);
  EXPECT_TRUE(before->ready());
  EXPECT_FALSE(after->ready());
}

TEST_F(LostMember, ThatIsBackInTheSameBreathIsServed) {
  detail::CallbackSpec spec;
  spec.name = "two";
  spec.signature.stream = true;
  spec.handler = [this](detail::Invocation& call) { call.stream(std::make_unique<Numbers>(2, made_, gone_)); };
  const std::uint32_t callback = node_->add_callback(std::move(spec)).id;
  std::array<std::byte, wire::kCallHeadSize> head;
  wire::encode_call_head({callback, wire::CallHead::kNoLimit, wire::CallHead::kWantsStream, 0}, head);
  append_change(wire::MemberSuspended{kFirst});
  append_change(wire::MemberResumed{member(kFirst, "first", true)});
  out_.append_frame({.size = wire::kCallHeadSize, .kind = FrameKind::call, .epoch = kEpoch, .member = kFirst, .id = 5},
                    head);
  flush();
  loop_.advance(1ms);
  EXPECT_EQ(only(FrameKind::end).header.id, 5u);
  EXPECT_EQ(made_, 2);
}

TEST_F(LostMember, WhatItAnsweredABroadcastInTheSameBreathCounts) {
  spec_.broadcast = true;
  const auto pending = call();
  const auto sent = only(FrameKind::broadcast);
  wire::append_message(out_, {.epoch = kEpoch, .id = sent.header.id}, wire::SentTo{{kFirst}});
  const std::array<std::byte, 1> three{std::byte{3}};
  out_.append_frame({.size = 1, .kind = FrameKind::result, .epoch = kEpoch, .member = kFirst, .id = sent.header.id},
                    three);
  append_change(wire::MemberLeft{kFirst});
  flush();
  ASSERT_TRUE(pending->ready());
  const auto& gathered = pending->wait({}).gathered;
  ASSERT_EQ(gathered.size(), 1u);
  EXPECT_FALSE(gathered[0].error);
}

TEST_F(LostMember, WhoHasNoCallsCostsNoQuestion) {
  change(wire::MemberLeft{kFirst});
  for (const auto& frame : frames()) EXPECT_NE(frame.header.kind, FrameKind::ping);
}

}  // namespace
}  // namespace daffi::node
