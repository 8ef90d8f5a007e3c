/// @file  Memory streams: bytes, room, faults and readiness, on a virtual loop and between threads.
#include "net/memory.hpp"

#include <atomic>
#include <future>
#include <thread>

#include "net/virtual_loop.hpp"
#include "net_testing.hpp"

namespace daffi::net {
namespace {

using testing::must;
using testing::read_all;
using testing::Recorder;
using testing::write_text;

class Memory : public ::testing::Test {
 protected:
  base::FakeClock clock_;
  VirtualLoop loop_{clock_};
};

TEST_F(Memory, ACutIsTheEndForBothSides) {
  auto [a, b, link] = make_memory_pair();
  Recorder at_a, at_b;
  ASSERT_TRUE(a->watch(loop_, at_a).ok());
  ASSERT_TRUE(b->watch(loop_, at_b).ok());
  loop_.run_ready();
  write_text(*a, "arrived");
  link->cut();
  loop_.run_ready();
  EXPECT_EQ(at_a.readable, 1);
  EXPECT_EQ(at_b.readable, 1);
  IoStatus last{};
  EXPECT_EQ(read_all(*b, &last), "arrived");
  EXPECT_EQ(last, IoStatus::closed);
  EXPECT_EQ(read_all(*a, &last), "");
  EXPECT_EQ(last, IoStatus::closed);
  EXPECT_EQ(write_text(*b, "x").status, IoStatus::failed);
}

TEST_F(Memory, ACutLosesWhatWasStalled) {
  auto [a, b, link] = make_memory_pair();
  link->stall(true, false);
  write_text(*a, "lost");
  EXPECT_EQ(link->in_flight(), 4u);
  link->cut();
  EXPECT_EQ(link->in_flight(), 0u);
  IoStatus last{};
  EXPECT_EQ(read_all(*b, &last), "");
  EXPECT_EQ(last, IoStatus::closed);
}

TEST_F(Memory, AStallKeepsBytesAndTheEndBackUnreported) {
  auto [a, b, link] = make_memory_pair();
  Recorder at_b;
  ASSERT_TRUE(b->watch(loop_, at_b).ok());
  loop_.run_ready();
  const int before = at_b.calls;
  link->stall(true, false);
  write_text(*a, "late");
  a->close();
  loop_.run_ready();
  EXPECT_EQ(at_b.calls, before);
  IoStatus last{};
  EXPECT_EQ(read_all(*b, &last), "");
  EXPECT_EQ(last, IoStatus::would_block);
  link->stall(false, false);
  loop_.run_ready();
  EXPECT_EQ(at_b.readable, 1);
  EXPECT_EQ(read_all(*b, &last), "late");
  EXPECT_EQ(last, IoStatus::closed);
}

TEST_F(Memory, AfterCloseItsOwnSideFails) {
  auto [a, b, link] = make_memory_pair();
  write_text(*b, "unread");
  a->close();
  std::byte buffer[8];
  EXPECT_EQ(a->read(buffer).status, IoStatus::failed);
  EXPECT_EQ(write_text(*a, "x").status, IoStatus::failed);
  EXPECT_EQ(write_text(*b, "x").error, EPIPE);
}

TEST_F(Memory, TakesNoMoreThanItsCapacityAndReportsRoom) {
  auto [a, b, link] = make_memory_pair(10);
  Recorder at_a;
  ASSERT_TRUE(a->watch(loop_, at_a).ok());
  loop_.run_ready();
  EXPECT_EQ(at_a.writable, 1);
  EXPECT_EQ(write_text(*a, "0123456789abc").bytes, 10u);
  EXPECT_EQ(write_text(*a, "abc").status, IoStatus::would_block);
  std::byte buffer[4];
  EXPECT_EQ(b->read(buffer).bytes, 4u);
  loop_.run_ready();
  EXPECT_EQ(at_a.writable, 2);
  EXPECT_EQ(write_text(*a, "abc").bytes, 3u);
  EXPECT_EQ(read_all(*b), "456789abc");
}

TEST_F(Memory, ReportsManyWritesAtOnce) {
  auto [a, b, link] = make_memory_pair();
  Recorder at_b;
  ASSERT_TRUE(b->watch(loop_, at_b).ok());
  loop_.run_ready();
  const int before = at_b.calls;
  for (int i = 0; i < 5; ++i) write_text(*a, "x");
  loop_.run_ready();
  EXPECT_EQ(at_b.calls, before + 1);
}

TEST_F(Memory, AnUnwatchedStreamReportsNothingMore) {
  auto [a, b, link] = make_memory_pair();
  Recorder first, second;
  ASSERT_TRUE(b->watch(loop_, first).ok());
  write_text(*a, "x");
  b->unwatch();
  ASSERT_TRUE(b->watch(loop_, second).ok());
  loop_.run_ready();
  EXPECT_EQ(first.calls, 0);
  EXPECT_EQ(second.calls, 1);
  EXPECT_EQ(second.readable, 1);
  b.reset();
  write_text(*a, "y");
  loop_.run_ready();
  EXPECT_EQ(second.calls, 1);
}

TEST_F(Memory, CarriesMegabytesBetweenTwoThreads) {
  auto reading = must(LoopThread::start());
  auto writing = must(LoopThread::start());
  auto [a, b, link] = make_memory_pair(10'000);
  constexpr std::size_t total = 4 << 20;
  std::size_t sent = 0;
  std::size_t received = 0;
  std::atomic<bool> right{true};
  std::promise<void> done;
  Recorder writer, reader;
  writer.then = [&, stream = a.get()](Ready) {
    for (;;) {
      std::string chunk(std::min<std::size_t>(3000, total - sent), '\0');
      for (std::size_t i = 0; i < chunk.size(); ++i) chunk[i] = static_cast<char>((sent + i) % 251);
      if (chunk.empty()) return;
      const IoResult result = write_text(*stream, chunk);
      if (result.status != IoStatus::ok) return;
      sent += result.bytes;
    }
  };
  reader.then = [&, stream = b.get()](Ready) {
    const std::string text = read_all(*stream);
    for (const char c : text) {
      if (c != static_cast<char>(received++ % 251)) right = false;
    }
    // What was announced may have been read along with what came before it: then there is nothing now.
    if (!text.empty() && received == total) done.set_value();
  };
  reading->run_and_wait([&, stream = b.get()] { EXPECT_TRUE(stream->watch(reading->loop(), reader).ok()); });
  writing->run_and_wait([&, stream = a.get()] { EXPECT_TRUE(stream->watch(writing->loop(), writer).ok()); });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  reading->run_and_wait([stream = b.get()] { stream->unwatch(); });
  writing->run_and_wait([stream = a.get()] { stream->unwatch(); });
  EXPECT_TRUE(right);
}

TEST_F(Memory, ConnectingWhereNobodyListensIsRefused) {
  MemoryHub hub(loop_);
  auto connector = hub.connector();
  std::string message;
  connector->connect(base::Deadline::never(), [&](auto result) { message = result.failure().message; });
  EXPECT_EQ(message, "");
  loop_.run_ready();
  EXPECT_EQ(message, "connection refused by memory");
}

TEST_F(Memory, ACancelledConnectIsNeverHeardOfAgain) {
  MemoryHub hub(loop_);
  int streams = 0;
  hub.listen([&](std::unique_ptr<Stream>) { ++streams; });
  auto connector = hub.connector();
  connector->connect(base::Deadline::never(), [](auto) { FAIL(); });
  connector->cancel();
  connector->connect(base::Deadline::never(), [](auto) { FAIL(); });
  connector.reset();
  loop_.run_ready();
  EXPECT_EQ(streams, 0);
}

TEST_F(Memory, AHubJoinsConnectorAndListener) {
  MemoryHub hub(loop_);
  std::unique_ptr<Stream> served, connected;
  std::shared_ptr<MemoryLink> link;
  hub.listen([&](std::unique_ptr<Stream> stream) { served = std::move(stream); });
  auto connector = hub.connector([&](auto its_link) { link = std::move(its_link); });
  connector->connect(base::Deadline::never(), [&](auto result) {
    connected = std::move(result).value();
    connector.reset();
  });
  loop_.run_ready();
  ASSERT_TRUE(served && connected && link);
  write_text(*connected, "hello");
  EXPECT_EQ(read_all(*served), "hello");
  EXPECT_TRUE(served->peer().same_host);
}

}  // namespace
}  // namespace daffi::net
