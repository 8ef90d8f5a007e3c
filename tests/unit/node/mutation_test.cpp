/// @file  A whole session of a controller, each byte of it changed, replayed against a node that comes back each time.
#include <gtest/gtest.h>

#include "../../support/mutations.hpp"
#include "../controller/raw_node.hpp"
#include "daffi/detail/item_stream.hpp"
#include "node/node.hpp"
#include "rpc/credit.hpp"
#include "rpc/inline_engine.hpp"

namespace daffi::node {
namespace {

using namespace std::chrono_literals;
using wire::FrameKind;

constexpr std::uint32_t kEpoch = 0x01020304, kOwn = 1, kOther = 2;

wire::MemberEntry member(std::uint32_t id, std::string name, std::vector<wire::CallbackEntry> callbacks) {
  return {.member_id = id, .process_name = std::move(name), .language = "c++", .callbacks = std::move(callbacks)};
}

// One thing of every kind that a controller may say to a node, forwarded frames included.
class Recorder {
 public:
  std::vector<std::byte> session() {
    wire::append_message(out_, {}, wire::Challenge{});
    wire::append_message(out_, {},
                         wire::Welcome{.member_id = kOwn,
                                       .epoch = kEpoch,
                                       .max_frame_payload = wire::kMaxFramePayload,
                                       .heartbeat_ms = 15'000,
                                       .grace_ms = 5'000,
                                       .controller_name = "hub"});
    wire::Descriptor descriptor{.id = 1, .language = "c++", .returns = "int"};
    descriptor.parameters = {{.name = "a", .type = "int", .default_text = "1", .flags = 1}};
    message(
        wire::Snapshot{.sequence = 1,
                       .descriptors = {descriptor},
                       .members = {member(kOwn, "node", {{1, 1, "f"}}),
                                   member(kOther, "other", {{1, 1, "g"}, {2, wire::CallbackEntry::kClosed, "0f"}})}});
    message(wire::Delta{.first_sequence = 2,
                        .changes = {wire::MemberJoined{member(3, "third", {{1, 1, "h"}})}, wire::MemberSuspended{3},
                                    wire::MemberResumed{member(3, "third", {})}, wire::CallbacksAdded{3, {{4, 1, "i"}}},
                                    wire::CallbacksRemoved{3, {4}}, wire::MemberDraining{3}, wire::MemberLeft{3}}});
    std::array<std::byte, wire::kCallHeadSize> head;
    wire::encode_call_head({.callback_id = 1, .remaining_ms = wire::CallHead::kNoLimit}, head);
    const std::string call = std::string(base::as_text(head)) + "\x90\x80";
    say(FrameKind::call, call);
    wire::encode_call_head({.callback_id = 2, .remaining_ms = 1000, .flags = wire::CallHead::kWantsStream}, head);
    say(FrameKind::call, std::string(base::as_text(head)) + "\x90\x80");
    say(FrameKind::credit, base::as_text(rpc::encode_credit({.bytes = 1000, .items = 10})), wire::kFromCallee);
    wire::encode_call_head({.callback_id = 1, .remaining_ms = 1000, .flags = wire::CallHead::kTakesItems}, head);
    say(FrameKind::call, base::as_text(head));
    id_ -= 1;
    say(FrameKind::item, "\x90\x80");
    id_ -= 1;
    say(FrameKind::end, "");
    wire::encode_call_head({.callback_id = 1, .remaining_ms = 1000}, head);
    say(FrameKind::call, std::string(base::as_text(head)) + std::string("\x00\x00\x01\0\0\0\0\0", 8), wire::kChunked);
    id_ -= 1;
    say(FrameKind::chunk, "a piece of it");
    say(FrameKind::cancel, "");
    say(FrameKind::result, "\xc0");
    say(FrameKind::error, base::as_text(wire::encode_error(base::fail(ErrorCode::busy, "full"))));
    say(FrameKind::refuse, std::string(base::as_text(wire::encode_return_head(ErrorCode::busy, "full"))) + call);
    say(FrameKind::bounce, std::string(base::as_text(wire::encode_return_head(ErrorCode::busy, "full"))) + call);
    message(wire::SentTo{{kOther}});
    message(wire::Described{{{kOther, 1, "text"}}});
    say(FrameKind::ping, "");
    say(FrameKind::pong, "");
    std::vector<std::byte> bytes;
    while (!out_.empty()) {
      iovec piece[1];
      if (out_.gather(piece) == 0) break;
      const auto* from = static_cast<const std::byte*>(piece[0].iov_base);
      bytes.insert(bytes.end(), from, from + piece[0].iov_len);
      out_.consume(piece[0].iov_len);
    }
    return bytes;
  }

 private:
  void say(FrameKind kind, std::string_view payload, std::uint8_t flags = 0) {
    out_.append_frame({.size = static_cast<std::uint32_t>(payload.size()),
                       .kind = kind,
                       .flags = flags,
                       .epoch = kEpoch,
                       .member = kOther,
                       .id = ++id_},
                      base::as_bytes(payload));
  }
  template <typename M>
  void message(const M& it) {
    wire::append_message(out_, {.epoch = kEpoch, .id = ++id_}, it);
  }

  std::uint64_t id_ = 0;
  wire::OutQueue out_;
};

class Three final : public detail::ItemProducer {
 public:
  Next next(Writer& item, const std::function<void()>&) override {
    if (given_ == 3) return Next::complete;
    item.integer(given_++);
    return Next::item;
  }

 private:
  int given_ = 0;
};

// The controller is a script: whoever connects is told the same.
class MutatedController : public testing::Test {
 protected:
  MutatedController() {
    hub_.listen([this](std::unique_ptr<net::Stream> stream) {
      stream_ = std::move(stream);
      iovec all{const_cast<std::byte*>(script_.data()), script_.size()};
      EXPECT_EQ(stream_->write({&all, 1}).bytes, script_.size());
      ++connections_;
    });
  }
  void make_node() {
    Options options;
    options.process_name = "node";
    node_ = std::make_unique<Node>(loop_, rpc::make_inline_engine(loop_, {}), hub_.connector(), options, Events{});
    add("f", false, [this](detail::Invocation& call) {
      ++served_;
      call.result().integer(1);
    });
    add("s", true, [](detail::Invocation& call) { call.stream(std::make_unique<Three>()); });
    script_ = recording_;
    EXPECT_TRUE(node_->start().ok());
  }
  void add(const std::string& name, bool stream, detail::Handler handler) {
    detail::CallbackSpec spec;
    spec.name = name;
    spec.signature.stream = stream;
    spec.handler = std::move(handler);
    node_->add_callback(std::move(spec));
  }
  // The connection breaks, and the node comes back for the next one, unless what it was told is that it should not.
  void next_connection() {
    stream_ = nullptr;
    const std::size_t before = connections_;
    for (int i = 0; i < 40 && connections_ == before; ++i) loop_.advance(100ms);
    if (connections_ == before) make_node();
    loop_.advance(50ms);
  }

  base::FakeClock clock_;
  net::VirtualLoop loop_{clock_};
  net::MemoryHub hub_{loop_};
  const std::vector<std::byte> recording_ = Recorder().session();
  std::vector<std::byte> script_;
  std::unique_ptr<net::Stream> stream_;
  std::size_t connections_ = 0;
  int served_ = 0;
  std::unique_ptr<Node> node_;
};

TEST_F(MutatedController, NoChangedByteOfItsSessionHarmsANode) {
  make_node();
  loop_.advance(50ms);
  ASSERT_GT(served_, 0) << "the script is not what a node takes for a controller's";
  std::size_t since = 0;
  const std::size_t made = tests::for_each_mutation(recording_, [&](std::size_t at, const auto& changed) {
    script_ = changed;
    next_connection();
    if (++since % 64 != 0) return;
    script_ = recording_;
    const int served = served_;
    next_connection();
    ASSERT_GT(served_, served) << "after byte " << at;
    ASSERT_TRUE(node_->connected()) << "after byte " << at;
  });
  EXPECT_GT(made, 1000u);
  const auto stats = node_->stats();
  stream_ = nullptr;
  loop_.advance(10s);
  EXPECT_EQ(node_->stats().running_calls, 0u);
  EXPECT_EQ(node_->stats().transfers, 0u);
  EXPECT_LT(stats.queued_requests, 100u);
  RecordProperty("sessions", static_cast<int>(made));
}

}  // namespace
}  // namespace daffi::node
