/// @file  Case 4 as well: members that heed no credit, whom no Global could play. They end, and nobody beside them.
#include <daffi/daffi.hpp>

#include "faults/field.hpp"
#include "faults/ledger.hpp"
#include "support/raw_member.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;
using wire::FrameKind;

// The first windows of a stream.
constexpr int kWindowItems = 2048;

struct Credit : Field {
  Credit() {
    start_controller_on_tcp();
    start_callee("callee", {"--sip-us", "2000"});
    start_caller("unary,batch,stream,feed,large");
    await_calls("caller", 100);
  }
  GlobalOptions options() const {
    GlobalOptions options;
    options.process_name = "reader";
    options.port = port();
    return options;
  }
  void expect_nobody_noticed(std::size_t own_failures = 0) {
    await_calls("caller", 100);
    finish();
    EXPECT_EQ(judge().failed, own_failures);
  }
};

TEST_F(Credit, AProducerThatIgnoresItEndsItsStreamWithATypedErrorAndIsNotListenedToAnyMore) {
  auto yields = controller::callback(7, "yields");
  yields.descriptor.flags |= wire::Descriptor::kStream;
  RawMember producer(port(), {.name = "producer", .callbacks = controller::announce({yields})});
  Global reader(options());
  reader.wait_function("yields", 30);
  auto stream = Fetch<Stream<int>()>(reader, "yields").call(FG{});
  const auto call = producer.take(FrameKind::call);
  for (int i = 0; i < 4 * kWindowItems; ++i) {
    producer.node.send(
        {.kind = FrameKind::item, .flags = wire::kFromCallee, .member = call.header.member, .id = call.header.id},
        "\x01");
  }
  // Whoever takes items meanwhile grants more of them.
  (void)producer.take(FrameKind::cancel);
  int taken = 0;
  try {
    for (const int item : stream) taken += item;
    ADD_FAILURE() << "a stream beyond its credit ended well";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::protocol) << error.what();
    EXPECT_TRUE(error.may_have_run());
  }
  EXPECT_LE(taken, kWindowItems) << "what was granted, and nothing beyond";
  // Whatever becomes of another call, it is told at once.
  try {
    Fetch<Stream<int>()>(reader, "yields").call(FG{.timeout = 1}).begin();
    ADD_FAILURE() << "it was called again";
  } catch (const Error& error) {
    EXPECT_NE(error.code(), ErrorCode::timeout) << error.what();
  }
  reader.stop();
  expect_nobody_noticed();
}

TEST_F(Credit, ASourceThatIgnoresItEndsItsCallAndIsNotListenedToAnyMore) {
  auto& callee = process("callee");
  RawMember source(port(), {.name = "source"});
  Ledger ledger(ledgers(), "source");
  const auto take_page = source.find("callee", "take_page");
  ledger.sent("source.1", CallKind::feed, 0ms, 4 * kWindowItems);
  source.call(take_page, 1, "", wire::CallHead::kTakesItems);
  const auto before = footprint(callee.pid());
  for (int i = 0; i < 4 * kWindowItems; ++i) {
    Writer item;
    item.array(3);
    item.text("source.1");
    item.integer(i);
    item.text(std::string(16'384, 'x'));
    item.map(0);
    source.node.send({.kind = FrameKind::item, .member = take_page.first, .id = 1}, base::as_text(item.payload()));
  }
  const auto error = wire::decode_error(source.take(FrameKind::error).payload);
  ASSERT_TRUE(error.ok());
  EXPECT_EQ(error->failure.code, ErrorCode::protocol) << error->failure.message;
  ledger.failed("source.1", static_cast<int>(error->failure.code), true);
  ledger.closed();
  callee.wait_for_error_line("process 'source' broke the protocol");
  EXPECT_LT(footprint(callee.pid()).memory_kib, before.memory_kib + 24 * 1024);
  const auto serving = source.find("callee", "serving");
  source.call(serving, 2, "\x90\x80");
  ASSERT_TRUE(source.until([&] { return source.node.out.empty(); }));
  await_calls("caller", 200);
  (void)source.node.pump();
  EXPECT_FALSE(source.node.take(FrameKind::result)) << "it is listened to";
  expect_nobody_noticed(1);
}

}  // namespace
}  // namespace daffi::tests
