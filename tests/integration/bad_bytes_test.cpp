/// @file  What no node of ours would say, said to a controller that runs: that connection ends, and nothing else.
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <random>
#include <sstream>

#include "daffi/daffi.hpp"
#include "support/command.hpp"
#include "support/raw_member.hpp"
#include "support/raw_socket.hpp"
#include "wire/messages.hpp"
#include "wire/out_queue.hpp"
#include "wire/preamble.hpp"

namespace daffi::tests {
namespace {

std::string text_of(const wire::Header& header, std::string_view payload = {}) {
  std::array<std::byte, wire::kHeaderSize> bytes;
  wire::encode_header(header, bytes);
  return std::string(base::as_text(bytes)) + std::string(payload);
}

std::string preamble() { return std::string(base::as_text(base::Bytes(wire::encode_preamble()))); }

template <typename M>
std::string message(const M& it) {
  const auto payload = wire::encode(it);
  return text_of({.size = static_cast<std::uint32_t>(payload.size()), .kind = M::kKind}, base::as_text(payload));
}

std::string handshake() {
  static std::uint8_t next = 0;
  wire::Hello hello{.process_name = "raw", .language = "c++"};
  hello.instance_token[0] = static_cast<std::byte>(++next);
  return preamble() + message(hello) + message(wire::Proof{});
}

class BadBytes : public ::testing::Test {
 protected:
  BadBytes() {
    controller_ = std::make_unique<Process>(daffi_command(), std::vector<std::string>{"controller", "--port", "0"},
                                            daffi_environment());
    port_text_ = port_in(controller_->wait_for_line("started"));
    port_ = static_cast<std::uint16_t>(std::stoi(port_text_));
    worker_ =
        std::make_unique<Process>(program("worker"), std::vector<std::string>{"--port", port_text_, "--name", "w"});
    worker_->wait_for_line("ready");
  }

  // Ends that connection; others are served as before.
  void expect_closed(const std::string& what, const std::string& bytes) {
    RawSocket socket(port_);
    (void)socket.send(bytes);
    socket.no_more();
    EXPECT_TRUE(socket.wait_until_closed()) << what;
  }
  void expect_served() {
    const auto called = daffi_run({"call", "who", "--port", port_text_, "--connect-timeout", "30"});
    EXPECT_EQ(called.exit.code, 0) << called.errors;
    EXPECT_NE(called.output.find("w"), std::string::npos);
  }
  std::size_t memory_kib() const {
    std::ifstream status("/proc/" + std::to_string(controller_->pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
    }
    return 0;
  }

  std::unique_ptr<Process> controller_, worker_;
  std::string port_text_;
  std::uint16_t port_ = 0;
};

TEST_F(BadBytes, OtherProtocolsAndNoiseOnThePortEndThatConnectionOnly) {
  std::mt19937 random(4711);
  std::string noise(1 << 20, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  expect_closed("HTTP", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect_closed("TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + noise.substr(0, 505));
  expect_closed("noise", noise);
  expect_closed("wrong magic", "DAFFY" + noise.substr(0, 100));
  expect_closed("another major version", std::string("DAFFI\xFF\0\0", 8) + noise.substr(0, 100));
  expect_closed("nothing", "");
  expect_served();
}

TEST_F(BadBytes, SizesBeyondTheLimitEndTheConnectionAndTakeNoMemory) {
  const std::size_t before = memory_kib();
  ASSERT_GT(before, 0u);
  for (const std::uint32_t size : {0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu, 262'145u, 16u * 1024 + 1}) {
    for (int i = 0; i < 20; ++i) {
      expect_closed("before the handshake", preamble() + text_of({.size = size, .kind = wire::FrameKind::hello}));
    }
  }
  for (const std::uint32_t size : {0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu, 262'145u}) {
    expect_closed("of a member", handshake() + text_of({.size = size, .kind = wire::FrameKind::call, .member = 1}));
  }
  expect_closed("without a payload", preamble() + text_of({.size = 0, .kind = wire::FrameKind::hello}));
  // Lists and texts that say they are longer than what carries them.
  expect_closed("a long list", preamble() + message(wire::Hello{.process_name = "x"}) +
                                   text_of({.size = 2, .kind = wire::FrameKind::proof}, "\xFF\xFF"));
  EXPECT_LT(memory_kib(), before + 32 * 1024) << "memory was taken on a stranger's word";
  expect_served();
}

TEST_F(BadBytes, AnnouncedLengthsBeyondAllMeasureAreRefusedByWhoWouldStoreThem) {
  for (const std::uint64_t total :
       {std::uint64_t{0}, std::uint64_t{1} << 31, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    // To the worker, whichever number it has: the controller carries the announcement and looks at none of it.
    std::string bytes = handshake();
    for (std::uint32_t member = 1; member < 8; ++member) {
      std::array<std::byte, wire::kCallHeadSize + wire::kTotalSize> head;
      wire::encode_call_head({.callback_id = 3}, std::span(head).first<wire::kCallHeadSize>());
      wire::encode_total(total, std::span(head).last<wire::kTotalSize>());
      bytes += text_of({.size = sizeof head, .kind = wire::FrameKind::call, .flags = wire::kChunked, .member = member},
                       base::as_text(head));
    }
    expect_closed("announcement", bytes);
  }
  expect_served();
}

TEST_F(BadBytes, ASessionCutAtAnyPlaceIsForgotten) {
  const std::string whole = handshake() + text_of({.size = 5, .kind = wire::FrameKind::describe}, "\x01\0\0\0\0");
  for (std::size_t length = 0; length <= whole.size(); length += 7) {
    expect_closed("cut at " + std::to_string(length), whole.substr(0, length));
  }
  expect_served();
}

TEST_F(BadBytes, StrangersThatSayNothingAreClosedInTimeAndNobodyNotices) {
  std::vector<std::unique_ptr<RawSocket>> silent;
  for (int i = 0; i < 700; ++i) silent.push_back(std::make_unique<RawSocket>(port_));
  std::vector<std::unique_ptr<RawSocket>> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(std::make_unique<RawSocket>(port_));
    (void)slow.back()->send(i % 2 == 0 ? "D" : "\x16");
  }
  // Half of the places are for other addresses; the worker, which is in, is served.
  EXPECT_TRUE(silent.back()->wait_until_closed()) << "beyond the places of one address";
  for (auto& socket : slow) EXPECT_TRUE(socket->wait_until_closed());
  for (auto& socket : silent) EXPECT_TRUE(socket->wait_until_closed());
  expect_served();
}

TEST_F(BadBytes, RefusalsAreLoggedAFewTimesNotEachTime) {
  for (int i = 0; i < 300; ++i) expect_closed("noise", std::string(100, '\xFF'));
  expect_served();
  controller_->wait_for_handler(SIGTERM);
  controller_->send(SIGTERM);
  const auto finished = finish(*controller_);
  std::istringstream log(finished.errors + finished.output);
  int lines = 0;
  for (std::string line; std::getline(log, line);) lines += line.find("before it was a node's") != std::string::npos;
  EXPECT_GE(lines, 1);
  EXPECT_LE(lines, 200) << finished.errors;
}

TEST_F(BadBytes, AResultThatIsNoValueIsATypedErrorAtItsCallerAndNothingElseHappens) {
  RawMember callee(port_, {.name = "callee", .callbacks = controller::announce({controller::callback(1, "gives")})});
  GlobalOptions options;
  options.process_name = "caller";
  options.port = port_;
  Global caller(options);
  caller.wait_function("gives", 30);
  std::string deep_maps;
  for (int i = 0; i < 10'000; ++i) deep_maps += "\x81\xa1k";
  for (const std::string& bytes :
       {std::string(), std::string("\xc1"), std::string(10'000, '\x91') + "\xc0", deep_maps + "\xc0",
        std::string("\xdd\xff\xff\xff\xff"), std::string("\xdf\xff\xff\xff\xff"), std::string("\xc6\xff\xff\xff\xff"),
        std::string("\xa2\xc3\x28"), std::string("\x82\xa1k\x01\xa1k\x02"), std::string("\x01\x02")}) {
    const auto result = caller.call("gives") & BG{};
    const auto call = callee.take(wire::FrameKind::call);
    callee.node.result(call.header.member, call.header.id, bytes);
    ASSERT_TRUE(callee.until([&] { return callee.node.out.empty(); }));
    try {
      (void)result.get(std::chrono::seconds(60));
      ADD_FAILURE() << "taken: " << bytes.size() << " bytes";
    } catch (const Error& error) {
      const bool told = error.code() == ErrorCode::protocol || error.code() == ErrorCode::result_mismatch;
      EXPECT_TRUE(told) << error.what();
      EXPECT_TRUE(error.may_have_run());
    }
  }
  EXPECT_EQ(Fetch<std::string()>(caller, "who")(), "w");
  EXPECT_FALSE(callee.node.closed);
}

}  // namespace
}  // namespace daffi::tests
