/// @file  Case 5: strangers in numbers at a TLS port who never get to the point, and memory that others have taken.
#include <bit>
#include <memory>

#include "faults/field.hpp"
#include "support/raw_member.hpp"
#include "support/raw_socket.hpp"
#include "unit/net/certificates.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

// Of three sorts: silent, native and TLS, a byte at a time: each step would be in time if time began anew with it.
class Strangers {
 public:
  Strangers(std::uint16_t port, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) sockets_.push_back(std::make_unique<RawSocket>(port));
  }
  // Blocks until all have been closed; false: some never were.
  bool trickle_until_closed() {
    static constexpr std::string_view kNative("DAFFI\x01\0\0", 8);
    static constexpr std::string_view kTls("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
    const auto end = std::chrono::steady_clock::now() + patience;
    for (std::size_t step = 0; std::chrono::steady_clock::now() < end; ++step) {
      std::size_t open = 0;
      for (std::size_t i = 0; i < sockets_.size(); ++i) {
        if (!sockets_[i]) continue;
        const std::string_view text = i % 3 == 1 ? kNative : kTls;
        if (i % 3 != 0 && step < text.size()) (void)sockets_[i]->send(text.substr(step, 1));
        if (sockets_[i]->closed()) {
          sockets_[i] = nullptr;
        } else {
          ++open;
        }
      }
      if (open == 0) return true;
      let_pass(100ms);
    }
    return false;
  }

 private:
  std::vector<std::unique_ptr<RawSocket>> sockets_;
};

struct Crowd : Field {
  static std::size_t lines_about_strangers(const Process& controller) {
    std::size_t count = 0;
    for (const auto& lines : {controller.lines(), controller.error_lines()}) {
      for (const auto& line : lines)
        count += line.find("127.0.0.1:") != std::string::npos && !line.starts_with("ready");
    }
    return count;
  }

  net::testing::TemporaryFolder certificates_;
  const net::testing::Certificate own_{certificates_, "own", {.common_name = "own"}};
};

TEST_F(Crowd, OfStrangersThatTrickleIntoATlsPortIsClosedInTimeAndNobodyWhoIsInNotices) {
  const Arguments tls{"--certificate", own_.certificate_file(), "--key", own_.key_file()};
  start_controller_on_tcp(tls);
  start_callee("callee", tls);
  start_caller("unary,batch,stream,feed,large", tls);
  await_calls("caller", 100);
  const auto& controller = process("controller");
  const auto before = footprint(controller.pid());
  Strangers strangers(port(), 300);
  // There is room for who belongs here.
  start_callee("late", tls);
  stop("late");
  ASSERT_TRUE(strangers.trickle_until_closed());
  await_calls("caller", 200);
  EXPECT_LE(footprint(controller.pid()).descriptors, before.descriptors);
  EXPECT_LT(footprint(controller.pid()).memory_kib, before.memory_kib + 48 * 1024);
  start_callee("later", tls);
  finish();
  EXPECT_EQ(counter(stop("caller"), "reconnects"), 0u);
  const auto said = lines_about_strangers(controller);
  EXPECT_GE(said, 1u);
  EXPECT_LE(said, 60u) << "of 300";
  EXPECT_GE(counter(stop("controller"), "refused"), 100u);
  judge();
}

// What is only announced has its place as well: else those who announce could promise all of it to everybody.
TEST_F(Crowd, OfLargeValuesThatTakesAllMemoryThereIsForThemHasOthersRefusedAsBusyUntilItIsOver) {
  start_controller_on_tcp();
  auto& callee = start_callee();
  const auto before = footprint(callee.pid());
  RawMember greedy(port(), {.name = "greedy"});
  const auto mirror = greedy.find("callee", "mirror");
  for (std::uint64_t id = 1; id <= 4; ++id) {
    std::array<std::byte, wire::kCallHeadSize + wire::kTotalSize> head;
    wire::encode_call_head({mirror.second, wire::CallHead::kNoLimit, 0, 0},
                           std::span(head).first<wire::kCallHeadSize>());
    wire::encode_total(256u << 20, std::span(head).last<wire::kTotalSize>());
    greedy.node.send({.kind = wire::FrameKind::call, .flags = wire::kChunked, .member = mirror.first, .id = id},
                     base::as_text(head));
  }
  ASSERT_TRUE(greedy.until([&] { return greedy.node.out.empty(); }));
  auto& caller = start_caller("unary,large", {"--timeout", "20"});
  caller.wait_for_line("error process 'callee' did not run 'mirror'");
  callee.wait_for_error_line("a call is refused as busy");
  await_calls("caller", 100);
  EXPECT_LT(footprint(callee.pid()).memory_kib, before.memory_kib + 64 * 1024) << "nothing has come of it yet";
  greedy.node.drop();
  process("controller").wait_for_line("'greedy' ");
  await_calls("caller", 100);
  finish();
  stop("caller");
  // Without anybody who takes it all, there is room again.
  start_caller("large", {"--timeout", "20"}, "caller_after");
  await_calls("caller_after", 100);
  finish("caller_after");
  EXPECT_EQ(counter(stop("caller_after"), "pending"), 0u);
  std::size_t said = 0;
  for (const auto& line : callee.error_lines()) said += line.find("refused as busy") != std::string::npos;
  const auto refused = counter(stop("callee"), "busy");
  EXPECT_GE(refused, 1u);
  EXPECT_LE(said, 1 + static_cast<std::size_t>(std::bit_width(refused))) << "now and then, not each time";
  const auto verdict = judge();
  EXPECT_GE(verdict.failed, 1u);
  EXPECT_EQ(verdict.certainly_not_run, verdict.failed);
  EXPECT_EQ(verdict.errors, (std::map<int, std::size_t>{{static_cast<int>(ErrorCode::busy), verdict.failed}}));
}

}  // namespace
}  // namespace daffi::tests
