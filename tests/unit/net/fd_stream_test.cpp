/// @file  FdStream: reading, writing and ending over real sockets.
#include "net/fd_stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <thread>

#include "net_testing.hpp"

namespace daffi::net {
namespace {

using testing::must;
using testing::read_all;
using testing::Recorder;
using testing::run_until;
using testing::write_text;

testing::DescriptorPair make_tcp_pair() {
  Descriptor listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(listening.get(), generic, length), 0);
  EXPECT_EQ(::listen(listening.get(), 1), 0);
  EXPECT_EQ(::getsockname(listening.get(), generic, &length), 0);
  Descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), generic, length), 0);
  return {std::move(client), Descriptor(::accept(listening.get(), nullptr, nullptr))};
}

TEST(FdStream, WritingToAClosedPeerFailsWithoutASignal) {
  auto [a, b] = testing::make_unix_pair();
  FdStream stream(std::move(a));
  b.reset();
  const IoResult result = write_text(stream, "x");
  EXPECT_EQ(result.status, IoStatus::failed);
  EXPECT_EQ(result.error, EPIPE);
}

TEST(FdStream, LittleBulkStandsUnsentInAUnixSocket) {
  auto loop = must(EpollLoop::create());
  auto [a, b] = testing::make_unix_pair();
  FdStream stream(std::move(a));
  FdStream other(std::move(b));
  Recorder recorder;
  ASSERT_TRUE(stream.watch(*loop, recorder).ok());
  run_until(*loop, [&] { return recorder.writable > 0; });
  const std::vector<std::byte> share(64 * 1024);
  std::size_t unsent = 0;
  while (stream.has_bulk_room()) {
    const iovec piece{const_cast<std::byte*>(share.data()), share.size()};
    unsent += stream.write({&piece, 1}).bytes;
    ASSERT_LE(unsent, 576u << 10);
  }
  const int before = recorder.writable;
  std::vector<std::byte> into(unsent);
  for (std::size_t got = 0; got < unsent;) got += other.read(base::MutableBytes(into).subspan(got)).bytes;
  run_until(*loop, [&] { return recorder.writable > before; });
  EXPECT_TRUE(stream.has_bulk_room());
  stream.unwatch();
}

TEST(FdStream, AfterCloseBothSidesFail) {
  auto [a, b] = testing::make_unix_pair();
  FdStream stream(std::move(a));
  FdStream other(std::move(b));
  write_text(other, "unread");
  stream.close();
  std::byte buffer[8];
  EXPECT_EQ(stream.read(buffer).status, IoStatus::failed);
  EXPECT_EQ(write_text(stream, "x").status, IoStatus::failed);
  EXPECT_GE(stream.fd(), 0);
}

TEST(FdStream, CloseFromAnotherThreadIsReportedToTheWatcher) {
  auto loop = must(EpollLoop::create());
  auto [a, b] = testing::make_unix_pair();
  FdStream stream(std::move(a));
  Recorder recorder;
  ASSERT_TRUE(stream.watch(*loop, recorder).ok());
  EXPECT_TRUE(run_until(*loop, [&] { return recorder.writable == 1; }));
  std::thread([&] { stream.close(); }).join();
  EXPECT_TRUE(run_until(*loop, [&] { return recorder.readable == 1; }));
}

TEST(FdStream, ReadsUntilThePeerEndsInOrder) {
  auto loop = must(EpollLoop::create());
  auto [a, b] = make_tcp_pair();
  FdStream stream(std::move(a));
  {
    FdStream other(std::move(b));
    EXPECT_EQ(write_text(other, "last words").bytes, 10u);
  }
  Recorder recorder;
  std::string text;
  IoStatus last = IoStatus::would_block;
  recorder.then = [&](Ready) { text += read_all(stream, &last); };
  ASSERT_TRUE(stream.watch(*loop, recorder).ok());
  EXPECT_TRUE(run_until(*loop, [&] { return last == IoStatus::closed; }));
  EXPECT_EQ(text, "last words");
}

TEST(FdStream, ThePeerGetsTheLastWordsOfOneWhoLeftInputUnread) {
  auto loop = must(EpollLoop::create());
  auto [a, b] = make_tcp_pair();
  FdStream stream(std::move(a));
  write_text(stream, std::string(50'000, 'x'));
  {
    FdStream other(std::move(b));
    write_text(other, "refused");
  }
  Recorder recorder;
  std::string text;
  IoStatus last = IoStatus::would_block;
  recorder.then = [&](Ready) { text += read_all(stream, &last); };
  ASSERT_TRUE(stream.watch(*loop, recorder).ok());
  EXPECT_TRUE(run_until(*loop, [&] { return last != IoStatus::would_block; }));
  EXPECT_EQ(text, "refused");
  EXPECT_EQ(last, IoStatus::closed);
}

TEST(FdStream, GathersManyParts) {
  auto [a, b] = testing::make_unix_pair();
  FdStream stream(std::move(a));
  FdStream other(std::move(b));
  std::string text(3000, '.');
  std::vector<iovec> parts;
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>('a' + i % 26);
    parts.push_back({&text[i], 1});
  }
  std::size_t written = 0;
  while (written < parts.size()) {
    const IoResult result = stream.write(std::span(parts).subspan(written));
    ASSERT_EQ(result.status, IoStatus::ok);
    written += result.bytes;  // one byte each
  }
  EXPECT_EQ(read_all(other), text);
}

TEST(FdStream, ReportsRoomAgainAfterAWriteThatDidNotFit) {
  for (const bool tcp : {false, true}) {
    auto loop = must(EpollLoop::create());
    auto [a, b] = tcp ? make_tcp_pair() : testing::make_unix_pair();
    FdStream stream(std::move(a));
    FdStream other(std::move(b));
    Recorder recorder;
    ASSERT_TRUE(stream.watch(*loop, recorder).ok());
    EXPECT_TRUE(run_until(*loop, [&] { return recorder.writable == 1; }));
    for (int i = 0; i < 50; ++i) ASSERT_EQ(write_text(stream, "x").status, IoStatus::ok);
    const std::string chunk(1 << 20, 'x');
    for (int episode = 0; episode < 3; ++episode) {
      while (write_text(stream, chunk).status == IoStatus::ok) {
      }
      const int before = recorder.writable;
      EXPECT_TRUE(run_until(*loop, [&] {
        read_all(other);
        return recorder.writable > before;
      }));
    }
  }
}

TEST(FdStream, AUnixPeerThatReadsDoesNotWakeAnIdleWriter) {
  auto loop = must(EpollLoop::create());
  auto [a, b] = testing::make_unix_pair();
  FdStream stream(std::move(a));
  FdStream other(std::move(b));
  Recorder recorder;
  ASSERT_TRUE(stream.watch(*loop, recorder).ok());
  for (int i = 0; i < 20; ++i) {
    write_text(stream, "x");
    read_all(other);
    loop->run_once(std::chrono::milliseconds(0));
  }
  const int before = recorder.calls;
  for (int i = 0; i < 100; ++i) {
    write_text(stream, "x");
    EXPECT_EQ(read_all(other), "x");
    loop->run_once(std::chrono::milliseconds(0));
  }
  EXPECT_EQ(recorder.calls, before);
}

TEST(FdStream, TellsWhoIsAtTheOtherEnd) {
  auto [a, b] = testing::make_unix_pair();
  const FdStream local(std::move(a));
  EXPECT_EQ(local.peer().transport, PeerInfo::Transport::unix_socket);
  EXPECT_EQ(local.peer().uid, ::getuid());
  EXPECT_TRUE(local.peer().same_host);
  auto [c, d] = make_tcp_pair();
  const FdStream remote(std::move(d));
  EXPECT_EQ(remote.peer().transport, PeerInfo::Transport::tcp);
  EXPECT_EQ(remote.peer().uid, std::nullopt);
  EXPECT_TRUE(remote.peer().same_host);
  EXPECT_TRUE(remote.peer().address.starts_with("127.0.0.1:"));
}

sockaddr_storage v6_address(const char* text) {
  sockaddr_storage storage{};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
  return storage;
}

TEST(FdStream, KnowsLoopbackInAllItsSpellings) {
  EXPECT_TRUE(is_this_host(v6_address("::1")));
  EXPECT_TRUE(is_this_host(v6_address("::ffff:127.0.0.1")));
  EXPECT_TRUE(is_this_host(v6_address("::ffff:127.8.9.1")));
  EXPECT_FALSE(is_this_host(v6_address("::ffff:10.0.0.1")));
  EXPECT_FALSE(is_this_host(v6_address("fe80::1")));
  EXPECT_FALSE(is_this_host({}));
  EXPECT_EQ(describe_address(v6_address("::1")), "[::1]:0");
}

}  // namespace
}  // namespace daffi::net
