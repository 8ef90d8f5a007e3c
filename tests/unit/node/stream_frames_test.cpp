/// @file  A node's streams, frame by frame: against a peer that keeps the rules, and one that breaks them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../controller/raw_node.hpp"
#include "daffi/detail/item_stream.hpp"
#include "node/node.hpp"
#include "rpc/credit.hpp"
#include "rpc/inline_engine.hpp"

namespace daffi::node {
namespace {

using namespace std::chrono_literals;
using controller::RawNode;
using testing::HasSubstr;
using wire::FrameKind;
using wire::Header;

class Numbers final : public detail::ItemProducer {
 public:
  Numbers(int end, int& made, int& gone) : end_(end), made_(made), gone_(gone) {}
  ~Numbers() override { ++gone_; }
  Next next(Writer& item, const std::function<void()>&) override {
    if (given_ == end_) return Next::complete;
    item.integer(given_++);
    ++made_;
    return Next::item;
  }

 private:
  const int end_;
  int given_ = 0;
  int& made_;
  int& gone_;
};

class StreamFrames : public testing::Test {
 protected:
  StreamFrames() {
    hub_.listen([this](std::unique_ptr<net::Stream> stream) { world_.controller->adopt(std::move(stream)); });
    Options options;
    options.process_name = "node";
    node_ = std::make_unique<Node>(world_.loop, rpc::make_inline_engine(world_.loop, {}), hub_.connector(), options,
                                   Events{});
    EXPECT_TRUE(node_->start().ok());
    add("numbers", true,
        [this](detail::Invocation& call) { call.stream(std::make_unique<Numbers>(1'000'000, made_, gone_)); });
    add("few", true, [this](detail::Invocation& call) { call.stream(std::make_unique<Numbers>(2, made_, gone_)); });
    add("holds", false, [this](detail::Invocation& call) { held_.push_back(call.defer()); });
    add("adds", false, [](detail::Invocation& call) { call.result().integer(3); });
    auto yields = controller::callback(7, "yields");
    yields.descriptor.flags |= wire::Descriptor::kStream;
    raw_ = &world_.join({.name = "raw", .callbacks = controller::announce({yields, controller::callback(8, "takes")})});
    world_.pass(100ms);
    id_ = raw_->replica.find("node")->member_id;
  }

  void add(const std::string& name, bool stream, detail::Handler handler) {
    detail::CallbackSpec spec;
    spec.name = name;
    spec.signature.stream = stream;
    spec.handler = std::move(handler);
    ids_[name] = node_->add_callback(std::move(spec)).id;
  }
  std::string head(const std::string& name, std::uint32_t flags) const {
    std::array<std::byte, wire::kCallHeadSize> bytes;
    wire::encode_call_head({ids_.at(name), wire::CallHead::kNoLimit, flags, 0}, bytes);
    return std::string(base::as_text(bytes));
  }
  void call(const std::string& name, std::uint64_t id, std::uint32_t flags) {
    raw_->call(id_, id, head(name, flags));
    world_.settle();
  }
  void send(FrameKind kind, std::uint64_t id, std::uint8_t flags, std::string_view payload = {}) {
    raw_->send({.kind = kind, .flags = flags, .member = id_, .id = id}, payload);
  }
  void grant(std::uint64_t id, std::uint8_t flags, const rpc::Credit& credit) {
    send(FrameKind::credit, id, flags, base::as_text(rpc::encode_credit(credit)));
    world_.settle();
  }
  std::size_t received(FrameKind kind) const {
    return static_cast<std::size_t>(std::count_if(raw_->received.begin(), raw_->received.end(),
                                                  [kind](const auto& frame) { return frame.header.kind == kind; }));
  }
  ErrorCode code_of(const controller::Received& frame) const {
    auto error = wire::decode_error(frame.payload);
    return error.ok() ? error->failure.code : ErrorCode::system;
  }
  std::unique_ptr<detail::ItemStream> open() {
    detail::CallSpec spec;
    spec.name = "yields";
    Writer arguments(detail::kCallHeadroom);
    auto stream = node_->start_stream(spec, arguments);
    EXPECT_TRUE(stream.ok());
    world_.settle();
    return stream.ok() ? std::move(*stream) : nullptr;
  }
  std::shared_ptr<detail::PendingCall> feed(int items) {
    detail::CallSpec spec;
    spec.name = "takes";
    auto fed = node_->feed(spec, std::make_unique<Numbers>(items, made_, gone_), false);
    EXPECT_TRUE(fed.ok());
    world_.settle();
    return fed.ok() ? *fed : nullptr;
  }
  static ErrorCode thrown_by(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::system;
  }

  controller::World world_;
  net::MemoryHub hub_{world_.loop};
  std::map<std::string, std::uint32_t> ids_;
  std::vector<std::shared_ptr<detail::Responder>> held_;
  int made_ = 0, gone_ = 0;
  std::unique_ptr<Node> node_;
  RawNode* raw_ = nullptr;
  std::uint32_t id_ = 0;
};

constexpr std::uint32_t kWants = wire::CallHead::kWantsStream, kTakes = wire::CallHead::kTakesItems;

TEST_F(StreamFrames, AreItemsAndAnEndUnderTheCallsId) {
  call("few", 5, kWants);
  const auto first = raw_->take(FrameKind::item);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->header.id, 5u);
  EXPECT_EQ(first->header.flags, wire::kFromCallee);
  EXPECT_EQ(first->payload, std::vector<std::byte>{std::byte{0}});
  EXPECT_EQ(received(FrameKind::item), 1u);
  const auto end = raw_->take(FrameKind::end);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->header.flags, wire::kFromCallee);
  EXPECT_TRUE(end->payload.empty());
  EXPECT_EQ(received(FrameKind::result), 0u);
}

TEST_F(StreamFrames, StopWhereCreditEndsAndGoOnWithMore) {
  call("numbers", 5, kWants);
  EXPECT_EQ(received(FrameKind::item), wire::kInitialCreditItems);
  grant(5, 0, {100, 10});
  EXPECT_EQ(received(FrameKind::item), wire::kInitialCreditItems + 10u);
  grant(6, 0, {100, 10});  // of a stream that is not there
  EXPECT_EQ(made_, static_cast<int>(wire::kInitialCreditItems) + 11);
  send(FrameKind::cancel, 5, 0);
  world_.settle();
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(node_->stats().running_calls, 0u);
  EXPECT_EQ(received(FrameKind::end), 0u) << "who cancels is told nothing";
}

TEST_F(StreamFrames, CancelThatOvertakesTheRunOfItsCallStopsIt) {
  raw_->call(id_, 5, head("numbers", kWants));
  send(FrameKind::cancel, 5, 0);
  world_.settle();
  EXPECT_EQ(received(FrameKind::item), 0u);
  EXPECT_EQ(made_, 0);
  EXPECT_EQ(node_->stats().running_calls, 0u);
}

TEST_F(StreamFrames, CreditBeyondAnyWindowCutsTheMemberOff) {
  call("numbers", 5, kWants);
  // Bytes alone: what it waits for is items.
  grant(5, 0, {0xFFFFFFFF, 0});
  EXPECT_EQ(gone_, 0);
  grant(5, 0, {0xFFFFFFFF, 0});
  EXPECT_EQ(gone_, 1);
  const auto error = raw_->take(FrameKind::error);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->header.id, 5u);
  EXPECT_EQ(code_of(*error), ErrorCode::protocol);
  call("adds", 6, 0);
  EXPECT_EQ(received(FrameKind::result), 0u) << "what it sends is dropped";
}

TEST_F(StreamFrames, CreditOfNothingCutsTheMemberOff) {
  call("numbers", 5, kWants);
  grant(5, 0, {0, 0});
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
}

TEST_F(StreamFrames, ItemsBeyondTheirCreditEndTheCallAndCutTheMemberOff) {
  call("holds", 5, kTakes);
  for (std::uint32_t i = 0; i < wire::kInitialCreditItems; ++i) send(FrameKind::item, 5, 0, "\x90\x80");
  world_.settle();
  EXPECT_EQ(received(FrameKind::error), 0u);
  ASSERT_EQ(held_.size(), 1u) << "one at a time";
  send(FrameKind::item, 5, 0, "\x90\x80");
  // The first was taken, but nothing has been granted for it yet.
  world_.settle();
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
  call("adds", 6, 0);
  EXPECT_EQ(received(FrameKind::result), 0u);
  held_.clear();
  world_.settle();
  EXPECT_EQ(node_->stats().running_calls, 0u);
}

TEST_F(StreamFrames, ItemsAreGrantedAnewAsTheyAreRun) {
  call("adds", 5, kTakes);
  for (int i = 0; i < 1500; ++i) send(FrameKind::item, 5, 0, "\x90\x80");
  world_.settle();
  const auto credit = raw_->take(FrameKind::credit);
  ASSERT_TRUE(credit);
  EXPECT_EQ(credit->header.id, 5u);
  EXPECT_EQ(credit->header.flags, wire::kFromCallee);
  EXPECT_GE(rpc::decode_credit(credit->payload)->items, wire::kInitialCreditItems / 2);
  EXPECT_EQ(received(FrameKind::result), 0u);
  send(FrameKind::end, 5, 0);
  world_.settle();
  EXPECT_EQ(received(FrameKind::result), 1u);
}

TEST_F(StreamFrames, ItemsMayFollowTheirCallAtOnceAndLateOnesAreDropped) {
  raw_->call(id_, 5, head("adds", kTakes));
  send(FrameKind::item, 5, 0, "\x90\x80");
  send(FrameKind::end, 5, 0);
  send(FrameKind::item, 5, 0, "\x90\x80");
  send(FrameKind::item, 9, 0, "\x90\x80");
  world_.settle();
  EXPECT_EQ(received(FrameKind::result), 1u);
  call("adds", 6, 0);
  EXPECT_EQ(received(FrameKind::result), 2u) << "neither is a crime";
}

TEST_F(StreamFrames, PlainCallOfAStreamIsAnsweredWithAnError) {
  call("numbers", 5, 0);
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::remote_arguments);
  EXPECT_EQ(gone_, 1);
  call("adds", 6, kWants);
  EXPECT_EQ(received(FrameKind::result), 1u) << "else as any call is";
  call("numbers", 7, kTakes);
  send(FrameKind::item, 7, 0, "\x90\x80");
  world_.settle();
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::remote_arguments);
}

TEST_F(StreamFrames, AsACallerItGrantsWhatItHasTaken) {
  const auto stream = open();
  const auto asked = raw_->take(FrameKind::call).value();
  EXPECT_EQ(wire::decode_call_head(asked.payload)->flags, kWants);
  const auto id = asked.header.id;
  for (std::uint32_t i = 0; i < wire::kInitialCreditItems; ++i) send(FrameKind::item, id, wire::kFromCallee, "\x07");
  world_.settle();
  EXPECT_EQ(received(FrameKind::credit), 0u);
  std::span<const std::byte> item;
  for (int i = 0; i < 1100; ++i) ASSERT_TRUE(stream->next(item));
  world_.settle();
  const auto credit = raw_->take(FrameKind::credit).value();
  EXPECT_EQ(credit.header.flags, 0);
  EXPECT_EQ(credit.header.id, id);
  EXPECT_EQ(rpc::decode_credit(credit.payload)->items, 1024u);
  send(FrameKind::end, id, wire::kFromCallee);
  world_.settle();
  for (std::uint32_t i = 1100; i < wire::kInitialCreditItems; ++i) ASSERT_TRUE(stream->next(item));
  EXPECT_FALSE(stream->next(item));
  EXPECT_EQ(node_->stats().pending_calls, 0u);
}

TEST_F(StreamFrames, AsACallerItCutsOffWhoSendsTooMuch) {
  const auto stream = open();
  const auto id = raw_->take(FrameKind::call)->header.id;
  for (std::uint32_t i = 0; i <= wire::kInitialCreditItems; ++i) send(FrameKind::item, id, wire::kFromCallee, "\x07");
  world_.settle();
  EXPECT_EQ(received(FrameKind::cancel), 1u);
  std::span<const std::byte> item;
  for (std::uint32_t i = 0; i < wire::kInitialCreditItems; ++i) ASSERT_TRUE(stream->next(item));
  EXPECT_EQ(thrown_by([&] { (void)stream->next(item); }), ErrorCode::protocol);
  // Nor is it called again.
  detail::CallSpec spec;
  spec.name = "takes";
  Writer arguments(detail::kCallHeadroom);
  detail::Reply reply;
  const auto called = node_->call(spec, arguments, reply);
  ASSERT_FALSE(called.ok());
  EXPECT_EQ(called.failure().code, ErrorCode::protocol);
}

TEST_F(StreamFrames, AsACallerItRefusesAResultInPlaceOfAStream) {
  const auto stream = open();
  raw_->result(id_, raw_->take(FrameKind::call)->header.id, "\x07");
  world_.settle();
  std::span<const std::byte> item;
  EXPECT_EQ(thrown_by([&] { (void)stream->next(item); }), ErrorCode::result_mismatch);
}

TEST_F(StreamFrames, AsACallerItGivesUpWhenARefusalFollowsAnItem) {
  const auto stream = open();
  const auto asked = raw_->take(FrameKind::call).value();
  send(FrameKind::item, asked.header.id, wire::kFromCallee, "\x07");
  world_.settle();  // a refusal would overtake it
  const auto front = wire::encode_return_head(ErrorCode::busy, "full");
  send(FrameKind::refuse, asked.header.id, 0, std::string(base::as_text(front)) + asked.text());
  world_.settle();
  std::span<const std::byte> item;
  EXPECT_TRUE(stream->next(item));
  EXPECT_EQ(thrown_by([&] { (void)stream->next(item); }), ErrorCode::busy);
  EXPECT_EQ(received(FrameKind::call), 0u);
}

TEST_F(StreamFrames, AsACallerItGrantsBeforeItWaitsLong) {
  const auto stream = open();
  const auto id = raw_->take(FrameKind::call)->header.id;
  const std::string item(250'000, '\x07');
  for (int i = 0; i < 2; ++i) send(FrameKind::item, id, wire::kFromCallee, item);
  world_.settle();
  std::span<const std::byte> taken;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(stream->ready() && stream->next(taken));
  ASSERT_FALSE(stream->ready());
  stream->on_ready([] {});
  world_.settle();
  // Too little is left for another one of them.
  EXPECT_EQ(rpc::decode_credit(raw_->take(FrameKind::credit).value().payload)->bytes, 500'000u);
}

TEST_F(StreamFrames, PartsOfAnItemAreOneCallOfTheCallback) {
  call("adds", 5, kTakes);
  send(FrameKind::item, 5, wire::kPart, std::string("\x0a\0\0\0\0\0\0\0\x90", 9));
  send(FrameKind::item, 5, wire::kPart, "\x80");
  send(FrameKind::item, 5, 0, "12345678");
  send(FrameKind::end, 5, 0);
  world_.settle();
  EXPECT_EQ(received(FrameKind::result) + received(FrameKind::error), 1u);
  call("adds", 6, 0);
  EXPECT_GE(received(FrameKind::result), 1u) << "no rule was broken";
}

TEST_F(StreamFrames, PartsThatDoNotMakeUpAnItemCutTheMemberOff) {
  call("adds", 5, kTakes);
  send(FrameKind::item, 5, wire::kPart, std::string("\x03\0\0\0\0\0\0\0\x90", 9));
  send(FrameKind::item, 5, 0, "\x80");
  world_.settle();
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
  call("adds", 6, 0);
  EXPECT_EQ(received(FrameKind::result), 0u);
}

TEST_F(StreamFrames, PartsBeyondTheirCreditCutTheMemberOff) {
  call("holds", 5, kTakes);
  // While the first call holds, one large item may come; of the one behind it only what the window has room for.
  send(FrameKind::item, 5, 0, "\x90\x80");
  const std::string rest(64 * 1024, 'x');
  const auto front = std::string("\0\0\x01\0\0\0\0\0", 8);  // 64 KiB
  int sent = 0;
  while (received(FrameKind::error) == 0 && sent < 100) {
    send(FrameKind::item, 5, wire::kPart, front + "x");
    send(FrameKind::item, 5, 0, rest.substr(1));
    ++sent;
    world_.settle();
  }
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::protocol);
  EXPECT_LE(sent, 10);
  held_.clear();
  world_.settle();
  EXPECT_EQ(node_->stats().running_calls, 0u);
}

TEST_F(StreamFrames, AnItemWithoutRoomEndsTheCallWithItsError) {
  call("adds", 5, kTakes);
  send(FrameKind::item, 5, 0, "\x90\x80");
  send(FrameKind::item, 5, wire::kPart, std::string("\0\0\0\0\x01\0\0\0\x90", 9));  // 4 GiB
  send(FrameKind::item, 5, wire::kPart, "\x80");
  world_.settle();
  EXPECT_EQ(code_of(raw_->take(FrameKind::error).value()), ErrorCode::result_too_large) << "items before it ran";
  EXPECT_EQ(node_->stats().running_calls, 0u);
  call("adds", 6, 0);
  EXPECT_EQ(received(FrameKind::result), 1u) << "which is no crime";
}

TEST_F(StreamFrames, AsASourceItSendsItemsAndAnEndAndWaitsForTheResult) {
  const auto fed = feed(3);
  const auto asked = raw_->take(FrameKind::call).value();
  EXPECT_EQ(asked.payload.size(), wire::kCallHeadSize);
  EXPECT_EQ(wire::decode_call_head(asked.payload)->flags, kTakes);
  EXPECT_EQ(received(FrameKind::item), 3u);
  EXPECT_EQ(raw_->take(FrameKind::item)->header.flags, 0);
  EXPECT_EQ(raw_->take(FrameKind::end)->header.id, asked.header.id);
  EXPECT_FALSE(fed->ready());
  EXPECT_EQ(gone_, 1);
  raw_->result(id_, asked.header.id, "\xc0");
  world_.settle();
  EXPECT_TRUE(fed->ready());
  EXPECT_EQ(fed->error(), nullptr);
}

TEST_F(StreamFrames, AsASourceItEndsWithARefusalAndWithAnAnswerThatComesTooEarly) {
  auto fed = feed(1'000'000);
  auto asked = raw_->take(FrameKind::call).value();
  const auto front = wire::encode_return_head(ErrorCode::busy, "full");
  send(FrameKind::refuse, asked.header.id, 0, std::string(base::as_text(front)) + asked.text());
  world_.settle();
  EXPECT_EQ(thrown_by([&] { fed->wait(std::nullopt); }), ErrorCode::busy);
  EXPECT_EQ(gone_, 1);

  fed = feed(1'000'000);
  asked = raw_->take(FrameKind::call).value();
  raw_->result(id_, asked.header.id, "\xc0");
  world_.settle();
  EXPECT_EQ(thrown_by([&] { fed->wait(std::nullopt); }), ErrorCode::protocol);
  EXPECT_EQ(gone_, 2);
}

}  // namespace
}  // namespace daffi::node
