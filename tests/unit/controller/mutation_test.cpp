/// @file  A whole session of a node, each byte of it changed, replayed against a controller that serves others
/// meanwhile.
#include <gtest/gtest.h>

#include "../../support/mutations.hpp"
#include "rpc/credit.hpp"
#include "unit/controller/raw_node.hpp"

namespace daffi::controller {
namespace {

// Says one thing of every kind that a node may say, and some that it may not.
class Recorder {
 public:
  Recorder(std::uint32_t epoch, std::uint32_t target) : epoch_(epoch), target_(target) {}

  std::vector<std::byte> session() {
    out_.append(base::Bytes(wire::encode_preamble()));
    wire::Hello hello{.process_name = "changed", .language = "c++", .version = "1"};
    hello.instance_token[3] = std::byte{42};
    wire::append_message(out_, {}, hello);
    auto closed = callback(2, "closed");
    closed.descriptor.callers = {"role:operator"};
    closed.descriptor.parameters = {{.name = "a", .type = "int", .default_text = "1", .flags = 1}};
    wire::append_message(out_, {}, wire::Proof{{}, announce({callback(1, "open"), closed})});
    std::array<std::byte, wire::kCallHeadSize> head;
    wire::encode_call_head({.callback_id = 1, .remaining_ms = 1000}, head);
    const std::string call = std::string(base::as_text(head)) + "\x90\x80";
    say(FrameKind::call, call);
    say(FrameKind::cancel, "");
    say(FrameKind::call, std::string(base::as_text(head)) + std::string("\x00\x00\x01\0\0\0\0\0", 8), wire::kChunked);
    say(FrameKind::chunk, "a piece of it");
    say(FrameKind::credit, base::as_text(rpc::encode_credit({.bytes = 1000, .items = 10})));
    say(FrameKind::item, "\x90\x80", wire::kFromCallee);
    say(FrameKind::end, "");
    say(FrameKind::result, "\xc0");
    say(FrameKind::error, base::as_text(wire::encode_error(base::fail(ErrorCode::busy, "full"))));
    say(FrameKind::refuse, std::string(base::as_text(wire::encode_return_head(ErrorCode::busy, "full"))) + call);
    say(FrameKind::broadcast, std::string(base::as_text(wire::encode_broadcast_head("f"))) + call);
    message(wire::Register{.flags = 0, .removed = {1}, .added = {callback(3, "later")}});
    message(wire::Describe{{{target_, 1}, {1, 2}}});
    say(FrameKind::resync, "");
    say(FrameKind::ping, "");
    say(FrameKind::pong, "");
    message(wire::Close{base::CloseReason::goodbye, "done"});
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
                       .epoch = epoch_,
                       .member = target_,
                       .id = ++id_},
                      base::as_bytes(payload));
  }
  template <typename M>
  void message(const M& it) {
    wire::append_message(out_, {.epoch = epoch_, .id = ++id_}, it);
  }

  const std::uint32_t epoch_, target_;
  std::uint64_t id_ = 0;
  wire::OutQueue out_;
};

TEST(Mutation, NoChangedByteOfASessionHarmsTheControllerOrItsMembers) {
  World world;
  RawNode& a = world.join({.name = "a"});
  RawNode& b = world.join({.name = "b", .callbacks = announce({callback(1, "f")})});
  world.pass(50ms);
  const auto recording = Recorder(a.epoch(), b.id()).session();
  std::uint64_t calls = 0;
  const std::size_t made = tests::for_each_mutation(recording, [&](std::size_t at, const auto& changed) {
    RawNode& node = world.connect();
    node.out.append(base::Bytes(changed));
    world.settle();
    world.nodes.pop_back();
    world.pass(10ms);
    b.received.clear();
    a.received.clear();
    // Without a result in it: what the changed node says to `b` may be any number's answer.
    a.call(b.id(), ++calls, "unharmed");
    world.settle();
    const auto call = b.take(FrameKind::call);
    ASSERT_TRUE(call) << "after byte " << at;
    ASSERT_EQ(call->text(), "unharmed") << "after byte " << at;
    b.result(a.id(), calls);
    world.settle();
    ASSERT_TRUE(a.take(FrameKind::result)) << "after byte " << at;
  });
  EXPECT_GT(made, 1000u);
  EXPECT_FALSE(a.closed);
  EXPECT_FALSE(b.closed);
  world.pass(30s, 1s);
  EXPECT_EQ(world.controller->stats().members, 2u) << "nothing is left of those that came and went";
  EXPECT_EQ(world.controller->stats().handshaking, 0u);
  RecordProperty("sessions", static_cast<int>(made));
}

}  // namespace
}  // namespace daffi::controller
