/// @file  Large values between real processes: over every transport, with a process killed or stopped in the middle.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <memory>

#include "base/recycled.hpp"
#include "daffi/daffi.hpp"
#include "support/command.hpp"
#include "unit/net/certificates.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMiB = 1 << 20;

std::string text_of(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

// The most memory a process has had, in bytes.
std::size_t peak_memory(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return static_cast<std::size_t>(std::atoll(line.c_str() + 6)) * 1024;
  }
  return 0;
}

class LargeValues : public ::testing::Test {
 protected:
  void start(std::vector<std::string> controller, std::vector<std::string> worker) {
    controller.insert(controller.begin(), "controller");
    controller_ = std::make_unique<Process>(daffi_command(), controller, daffi_environment());
    const std::string line = controller_->wait_for_line("started");
    if (worker.empty() || worker[0] != "--folder") {
      options_.port = std::stoi(port_in(line));
      worker.insert(worker.end(), {"--port", port_in(line)});
    }
    worker.insert(worker.end(), {"--name", "w"});
    worker_ = std::make_unique<Process>(program("worker"), worker, daffi_environment());
    worker_->wait_for_line("ready");
    options_.process_name = "caller";
    options_.connect_timeout = 30;
  }
  void start_unix() {
    options_.unix_sock_path = folder_.path().string();
    start({"--unix-sock-path", options_.unix_sock_path}, {"--folder", options_.unix_sock_path});
  }
  // How many pieces of memory that processes share one of them has.
  static std::size_t shared_memories(pid_t pid) {
    std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);) count += line.find("/memfd:daffi") != std::string::npos ? 1 : 0;
    return count;
  }
  // `shared`: so many pieces of memory at the callee afterwards, its caller's and its own.
  void expect_echoes(std::size_t shared) {
    Global g(options_);
    g.wait_function("echo", 30);
    const Fetch<std::string(std::string)> echo{g, "echo"};
    for (const std::size_t size : {std::size_t{70'000}, kMiB, 64 * kMiB}) {
      const std::string text = text_of(size);
      EXPECT_TRUE(echo(text) == text) << size;
    }
    EXPECT_EQ(g.stats().transfers, 0u);
    EXPECT_EQ(shared_memories(worker_->pid()), shared);
    EXPECT_EQ(shared_memories(controller_->pid()), 0u);
  }

  TemporaryFolder folder_;
  GlobalOptions options_;
  std::unique_ptr<Process> controller_, worker_;
};

TEST_F(LargeValues, GoThereAndBackOverUnixSockets) {
  start_unix();
  expect_echoes(2);
}

TEST_F(LargeValues, GoThereAndBackOverTcp) {
  start({"--port", "0"}, {});
  expect_echoes(2);
}

TEST_F(LargeValues, GoThereAndBackOverTls) {
  const net::testing::TemporaryFolder certificates;
  const net::testing::Certificate shared(certificates, "shared", {});
  options_.ssl_certificate = shared.certificate_file();
  options_.ssl_key = shared.key_file();
  start({"--port", "0", "--ssl-certificate", shared.certificate_file(), "--ssl-key", shared.key_file()},
        {"--certificate", shared.certificate_file(), "--key", shared.key_file()});
  expect_echoes(0);
}

TEST_F(LargeValues, AreItemsOfStreamsInBothDirections) {
  start_unix();
  Global g(options_);
  g.wait_function("text_bytes", 30);
  const Fetch<Stream<std::string>(std::size_t, std::size_t)> texts{g, "texts"};
  const std::size_t before = peak_memory(worker_->pid());
  char expected = 'a';
  std::size_t count = 0;
  for (const std::string& text : texts(52, 5 * kMiB)) {
    ASSERT_TRUE(text == std::string(5 * kMiB, expected)) << count;
    expected = expected == 'z' ? 'a' : static_cast<char>(expected + 1);
    ++count;
  }
  EXPECT_EQ(count, 52u);
  Fetch<void(std::size_t)> feed{g, "take_text", [](std::size_t size) -> Generator<std::string> {
                                  for (int i = 0; i < 52; ++i) {
                                    co_yield std::string(size, static_cast<char>('a' + i % 26));
                                  }
                                }};
  feed(5 * kMiB);
  EXPECT_EQ((Fetch<std::size_t()>{g, "text_bytes"}()), 52 * 5 * kMiB);
  EXPECT_EQ(g.stats().pending_calls, 0u);
  EXPECT_EQ(shared_memories(worker_->pid()), 2u);
  // An item that is made, one that is taken, one behind it, and what the allocator keeps of others: not 520 MiB.
  // The address sanitizer keeps freed memory back, up to 256 MiB.
  if (!DAFFI_ADDRESS_SANITIZER) {
    EXPECT_LT(peak_memory(worker_->pid()) - before, 160 * kMiB);
  }
}

TEST_F(LargeValues, ItemsThatGoByMemoryAreTheRightOnesAlsoWhenManyStreamsAreLeftEarly) {
  start_unix();
  Global g(options_);
  g.wait_function("texts", 30);
  const Fetch<Stream<std::string>(std::size_t, std::size_t)> texts{g, "texts"};
  for (int round = 0; round < 100; ++round) {
    for (const std::string& text : texts(26, 64 * 1024)) {
      ASSERT_TRUE(text == std::string(64 * 1024, 'a'));
      break;
    }
    char expected = 'a';
    for (const std::string& text : texts(26, 60'000)) ASSERT_TRUE(text == std::string(60'000, expected++)) << round;
    ASSERT_EQ(expected, 'z' + 1);
  }
  EXPECT_EQ(shared_memories(worker_->pid()), 1u) << "its own; its caller sent nothing large";
}

TEST_F(LargeValues, AnItemAboveTheLimitIsRefusedWhereItIsMade) {
  start_unix();
  options_.max_message_size = 4 * kMiB;
  Global g(options_);
  g.wait_function("text_bytes", 30);
  Fetch<void()> feed{g, "take_text", []() -> Generator<std::string> {
                       co_yield std::string(kMiB, 'a');
                       co_yield std::string(4 * kMiB, 'b');
                     }};
  EXPECT_THROW(feed(), TooLargeError);
  auto stream = Fetch<Stream<std::string>(std::size_t, std::size_t)>{g, "texts"}(3, 4 * kMiB);
  EXPECT_THROW((void)stream.begin(), TooLargeError) << "or where it is to be taken";
  EXPECT_EQ((Fetch<std::string(std::string)>{g, "echo"})("and life goes on"), "and life goes on");
}

TEST_F(LargeValues, AReceiverKilledInTheMiddleEndsTheCallAtOnce) {
  start_unix();
  Global g(options_);
  g.wait_function("echo", 30);
  worker_->send(SIGSTOP);
  auto pending = Fetch<std::string(std::string)>{g, "echo"}.call(BG{}, text_of(64 * kMiB));
  EXPECT_EQ(g.stats().transfers, 1u);
  worker_->send(SIGKILL);
  EXPECT_THROW(pending.get(30), RemoteStoppedUnexpectedly);
  EXPECT_EQ(g.stats().transfers, 0u);
}

TEST_F(LargeValues, AStoppedReceiverCostsTheControllerAWindowForEachCall) {
  start_unix();
  Process other(program("worker"), {"--folder", options_.unix_sock_path, "--name", "other"}, daffi_environment());
  other.wait_for_line("ready");
  Global g(options_);
  g.wait_process("other", 30);
  g.wait_process("w", 30);
  const Fetch<std::string(std::string)> echo{g, "echo"};
  const std::string text = text_of(24 * kMiB);
  const std::size_t before = peak_memory(controller_->pid());
  worker_->send(SIGSTOP);
  std::vector<AsyncResult<std::string>> results;
  for (int i = 0; i < 8; ++i) results.push_back(echo.call(BG{.receiver = "w"}, text));
  // Meanwhile others are served as ever.
  for (int i = 0; i < 200; ++i) EXPECT_EQ(echo.call(FG{.receiver = "other"}, "small"), "small");
  EXPECT_EQ(g.stats().transfers, 8u);
  worker_->send(SIGCONT);
  for (auto& result : results) EXPECT_TRUE(result.get(60) == text);
  // 8 windows of 512 KiB each way, and the blocks they lie in; not 8 times 24 MiB.
  EXPECT_LT(peak_memory(controller_->pid()) - before, 64 * kMiB);
}

}  // namespace
}  // namespace daffi::tests
