/// @file  Listener and Connector over real sockets: places, refusals, limits, and what both say about them.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fstream>
#include <mutex>
#include <optional>

#include "base/log.hpp"
#include "net/endpoint.hpp"
#include "net/socket_address.hpp"
#include "net_testing.hpp"

namespace daffi::net {
namespace {

using namespace std::chrono_literals;
using testing::must;
using testing::read_all;
using testing::run_until;
using testing::TemporaryFolder;
using testing::write_text;

Endpoint tcp(std::string host, std::uint16_t port = 0) {
  return {.kind = Endpoint::Kind::tcp, .host = std::move(host), .port = port, .folder = ""};
}

Endpoint unix_in(std::string folder) {
  return {.kind = Endpoint::Kind::unix_socket, .host = "", .port = 0, .folder = std::move(folder)};
}

// A loop, what a listener on it was given, and one connector.
class ListenerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Listener> listen_at(const Endpoint& endpoint, ListenOptions options = {}) {
    return must(
        listen(*loop_, endpoint, std::move(options), [this](auto stream) { served_.push_back(std::move(stream)); }));
  }
  std::string refusal(const Endpoint& endpoint) {
    const auto listener = listen(*loop_, endpoint, {}, [](auto) {});
    if (listener) return "";
    EXPECT_EQ(listener.failure().code, ErrorCode::initialization);
    return listener.failure().message;
  }
  base::Result<std::unique_ptr<Stream>> connect_to(const Endpoint& endpoint, base::Duration limit = 10s) {
    std::optional<base::Result<std::unique_ptr<Stream>>> result;
    const auto connector = make_connector(*loop_, endpoint, nullptr);
    connector->connect(base::Deadline::in(loop_->clock(), limit), [&](auto made) { result = std::move(made); });
    EXPECT_FALSE(result.has_value());
    EXPECT_TRUE(run_until(*loop_, [&] { return result.has_value(); }));
    return std::move(*result);
  }
  // A connection that has said its first byte and been handed over.
  std::unique_ptr<Stream> meet(const Endpoint& endpoint) {
    const std::size_t before = served_.size();
    auto stream = must(connect_to(endpoint));
    write_text(*stream, "d");
    EXPECT_TRUE(run_until(*loop_, [&] { return served_.size() > before; }));
    return stream;
  }

  std::unique_ptr<EpollLoop> loop_ = must(EpollLoop::create());
  std::vector<std::unique_ptr<Stream>> served_;
};

using ListenerOverTcp = ListenerTest;
using ListenerOverUnix = ListenerTest;
using ConnectorTest = ListenerTest;

TEST_F(ListenerOverTcp, ATakenPortIsRefusedAndNamed) {
  const auto listener = listen_at(tcp("localhost"));
  const Endpoint taken = listener->endpoint();
  EXPECT_NE(taken.port, 0);
  EXPECT_EQ(refusal(taken), "localhost:" + std::to_string(taken.port) + " is taken by another process");
}

TEST_F(ListenerOverTcp, AnAddressOfAnotherMachineIsRefused) {
  EXPECT_TRUE(refusal(tcp("192.0.2.1", 1234)).starts_with("cannot listen at 192.0.2.1:1234: "));
}

TEST_F(ListenerOverTcp, AnUnknownHostIsRefused) {
  EXPECT_TRUE(refusal(tcp("no such host", 1234)).starts_with("unknown host 'no such host'"));
}

TEST_F(ListenerOverTcp, LocalhostIsBothLoopbacksAtOnePortAndNothingElse) {
  const auto listener = listen_at(tcp("localhost"));
  const std::uint16_t port = listener->endpoint().port;
  EXPECT_TRUE(meet(tcp("127.0.0.1", port))->peer().same_host);
  if (listen(*loop_, tcp("::1"), {}, [](auto) {}).ok()) {
    EXPECT_TRUE(meet(tcp("::1", port))->peer().same_host);
  }
  EXPECT_TRUE(served_.back()->peer().same_host);
  EXPECT_FALSE(connect_to(tcp("127.0.0.2", port)).ok());
}

TEST_F(ListenerOverTcp, AnyAddressMeansAny) {
  const auto listener = listen_at(tcp("0.0.0.0"));
  EXPECT_EQ(listener->endpoint().to_string(), "0.0.0.0:" + std::to_string(listener->endpoint().port));
  meet(tcp("127.0.0.2", listener->endpoint().port));
}

TEST_F(ListenerOverTcp, ThePortIsFreeAgainAtOnceAfterConnectionsWereServed) {
  auto listener = listen_at(tcp("localhost"));
  const Endpoint endpoint = listener->endpoint();
  auto client = meet(endpoint);
  served_.clear();  // the serving side ends first, and leaves TIME_WAIT behind
  client.reset();
  listener.reset();
  listener = listen_at(endpoint);
  meet(endpoint);
}

TEST_F(ListenerOverTcp, HandsOverOnlyConnectionsThatSaySomething) {
  const auto listener = listen_at(tcp("localhost"), {.tls = nullptr, .tls_handshake_timeout = 20ms});
  auto silent = must(connect_to(listener->endpoint()));
  auto gone = must(connect_to(listener->endpoint()));
  gone.reset();
  IoStatus last = IoStatus::would_block;
  EXPECT_TRUE(run_until(*loop_, [&] {
    read_all(*silent, &last);
    return last == IoStatus::closed;
  }));
  EXPECT_TRUE(served_.empty());
}

TEST_F(ListenerOverTcp, TheFirstByteIsLookedAtAndNotTaken) {
  const auto listener = listen_at(tcp("localhost"));
  const auto client = must(connect_to(listener->endpoint()));
  write_text(*client, "hello");
  EXPECT_TRUE(run_until(*loop_, [&] { return !served_.empty(); }));
  EXPECT_EQ(read_all(*served_.front()), "hello");
  EXPECT_FALSE(served_.front()->peer().tls);
}

TEST_F(ListenerOverTcp, ATlsHelloWithoutTlsIsClosed) {
  const auto listener = listen_at(tcp("localhost"));
  const auto client = must(connect_to(listener->endpoint()));
  write_text(*client, "\x16\x03\x01");
  IoStatus last = IoStatus::would_block;
  EXPECT_TRUE(run_until(*loop_, [&] {
    read_all(*client, &last);
    return last != IoStatus::would_block;
  }));
  EXPECT_TRUE(served_.empty());
}

TEST_F(ListenerOverTcp, MoreSilentConnectionsThanTheLimitAreClosed) {
  const auto listener = listen_at(tcp("localhost"), {.tls = nullptr, .max_handshaking = 2});
  std::vector<std::unique_ptr<Stream>> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(must(connect_to(listener->endpoint())));
  const auto closed = [&] {
    int count = 0;
    for (const auto& client : clients) {
      IoStatus last{};
      read_all(*client, &last);
      count += last == IoStatus::closed ? 1 : 0;
    }
    return count;
  };
  EXPECT_TRUE(run_until(*loop_, [&] { return closed() == 2; }));
  write_text(*clients[0], "x");
  write_text(*clients[1], "x");
  EXPECT_TRUE(run_until(*loop_, [&] { return served_.size() == 2; }));
  meet(listener->endpoint());
}

// The lines said while it lives.
class LogLines {
 public:
  LogLines() {
    set_log_sink([this](const LogRecord& record) {
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(record.text);
    });
  }
  ~LogLines() { set_log_sink(nullptr); }
  std::size_t count(std::string_view words) {
    base::flush_log();
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(lines_.begin(), lines_.end(), [&](const auto& line) { return line.find(words) != line.npos; }));
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST_F(ListenerOverTcp, OutOfDescriptorsItSaysSoOnceAndGoesOnLater) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the undefined-behaviour sanitizer looks at memory through a pipe, which needs descriptors";
#endif
  LogLines lines;
  const auto listener = listen_at(tcp("localhost"));
  std::vector<std::unique_ptr<Stream>> clients;
  for (int i = 0; i < 3; ++i) {
    // Connecting ends in the kernel's backlog; only accepting needs the descriptor that is missing below.
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = known_addresses("127.0.0.1", listener->endpoint().port).front();
    ASSERT_EQ(::connect(socket.get(), address.get(), address.length), 0);
    clients.push_back(std::make_unique<FdStream>(std::move(socket)));
    write_text(*clients.back(), "x");
  }
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto end = loop_->clock().now() + 250ms;  // the pause is 100 ms: several attempts, one line
  while (loop_->clock().now() < end) loop_->run_once(10ms);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(served_.empty());
  EXPECT_TRUE(run_until(*loop_, [&] { return served_.size() == 3; }));
  EXPECT_EQ(lines.count("cannot accept connections for now"), 1u);
}

TEST_F(ListenerOverTcp, MayBeDestroyedByWhatItCalls) {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Stream> stream;
  listener = must(listen(*loop_, tcp("localhost"), {}, [&](auto served) {
    listener.reset();
    stream = std::move(served);
  }));
  const Endpoint endpoint = listener->endpoint();
  const auto one = must(connect_to(endpoint));
  const auto two = must(connect_to(endpoint));
  write_text(*one, "x");
  write_text(*two, "x");
  EXPECT_TRUE(run_until(*loop_, [&] { return stream != nullptr; }));
  loop_->run_once(0ms);
}

TEST_F(ListenerOverUnix, MakesFolderAndSocketPrivateAndRemovesTheSocket) {
  TemporaryFolder folder;
  auto listener = listen_at(unix_in(folder / "ours"));
  struct stat status {};
  ASSERT_EQ(::stat((folder / "ours").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat((folder / "ours/.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(meet(listener->endpoint())->peer().uid, ::geteuid());
  EXPECT_EQ(served_.back()->peer().uid, ::geteuid());
  listener.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder / "ours"));
}

TEST_F(ListenerOverUnix, APlaceThatIsTakenIsRefusedAndNamed) {
  TemporaryFolder folder;
  const auto listener = listen_at(unix_in(folder.path()));
  EXPECT_EQ(refusal(unix_in(folder.path())),
            "'" + (folder / ".sock") + "' is taken by another process that listens there");
  meet(listener->endpoint());  // and is none the worse for it
}

TEST_F(ListenerOverUnix, ReplacesWhatACrashLeftBehind) {
  TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto loop = EpollLoop::create();
    const auto listener = listen(**loop, unix_in(folder.path()), {}, [](auto) {});
    ::_exit(listener.ok() ? 0 : 1);  // without a destructor, as after kill -9
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(std::filesystem::exists(folder / ".sock"));
  ASSERT_TRUE(std::filesystem::exists(folder / ".sock.lock"));
  EXPECT_EQ(connect_to(unix_in(folder.path())).failure().message, "connection refused by unix:" + (folder / ".sock"));
  const auto listener = listen_at(unix_in(folder.path()));
  meet(listener->endpoint());
}

TEST_F(ListenerOverUnix, NeverRemovesWhatIsNotASocket) {
  TemporaryFolder folder;
  std::ofstream(folder / ".sock") << "precious";
  EXPECT_EQ(refusal(unix_in(folder.path())), "'" + (folder / ".sock") + "' is there already and is not a socket");
  EXPECT_EQ(std::filesystem::file_size(folder / ".sock"), 8u);
  EXPECT_FALSE(std::filesystem::exists(folder / ".sock.lock"));
}

TEST_F(ListenerOverUnix, APathTooLongIsRefusedAndNamed) {
  TemporaryFolder folder;
  const std::string path = folder / std::string(100, 'x');
  const std::string words = "the socket's path '" + path + "/.sock' is longer than the 107 bytes the system allows";
  EXPECT_EQ(refusal(unix_in(path)), words);
  EXPECT_EQ(connect_to(unix_in(path)).failure().message, words);
}

TEST_F(ListenerOverUnix, AFolderOpenToOthersIsRefused) {
  TemporaryFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
  EXPECT_EQ(refusal(unix_in(folder.path())), "folder '" + folder.path() + "' can be written to by other users");
}

TEST_F(ListenerOverUnix, GivesManySuccessorsThePlaceOneAfterTheOther) {
  TemporaryFolder folder;
  for (int i = 0; i < 20; ++i) {
    const auto listener = listen_at(unix_in(folder.path()));
    meet(listener->endpoint());
    EXPECT_FALSE(refusal(unix_in(folder.path())).empty());
  }
}

TEST_F(ConnectorTest, SaysWhoRefused) {
  auto listener = listen_at(tcp("localhost"));
  const Endpoint endpoint = listener->endpoint();
  listener.reset();
  const auto result = connect_to(endpoint);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failure().code, ErrorCode::no_controller);
  EXPECT_EQ(result.failure().message, "connection refused by localhost:" + std::to_string(endpoint.port));
}

TEST_F(ConnectorTest, SaysWhereNobodyListens) {
  TemporaryFolder folder;
  EXPECT_EQ(connect_to(unix_in(folder.path())).failure().message, "nobody listens at unix:" + (folder / ".sock"));
}

TEST_F(ConnectorTest, AnUnknownHostIsNamed) {
  const auto result = connect_to(tcp("no such host", 1));
  EXPECT_EQ(result.failure().code, ErrorCode::no_controller);
  EXPECT_TRUE(result.failure().message.starts_with("unknown host 'no such host'"));
}

TEST_F(ConnectorTest, APastDeadlineEndsIt) {
  const auto listener = listen_at(tcp("localhost"));
  const auto result = connect_to(listener->endpoint(), 0s);
  EXPECT_EQ(result.failure().code, ErrorCode::connect_timeout);
  EXPECT_EQ(result.failure().message,
            "no answer from localhost:" + std::to_string(listener->endpoint().port) + " in time");
}

TEST_F(ConnectorTest, WaitsWhileABacklogIsFullUntilTheDeadline) {
  TemporaryFolder folder;
  const auto address = must(unix_address(folder / ".sock"));
  Descriptor full(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(full.get(), address.get(), address.length), 0);
  ASSERT_EQ(::listen(full.get(), 0), 0);
  const auto first = must(connect_to(unix_in(folder.path())));
  EXPECT_EQ(connect_to(unix_in(folder.path()), 50ms).failure().code, ErrorCode::connect_timeout);
}

TEST_F(ConnectorTest, ACancelledOneSaysNothingMore) {
  const auto listener = listen_at(tcp("localhost"));
  auto connector = make_connector(*loop_, listener->endpoint(), nullptr);
  connector->connect(base::Deadline::never(), [](auto) { FAIL(); });
  connector->cancel();
  connector->connect(base::Deadline::never(), [](auto) { FAIL(); });
  connector.reset();
  for (int i = 0; i < 5; ++i) loop_->run_once(1ms);
}

TEST_F(ConnectorTest, MayGoWhileANameIsLookedUp) {
  for (int i = 0; i < 20; ++i) {
    auto loop = must(EpollLoop::create());
    auto connector = make_connector(*loop, tcp("no such host"), nullptr);
    connector->connect(base::Deadline::never(), [](auto result) { EXPECT_FALSE(result.ok()); });
    loop->run_once(0ms);
    connector.reset();
    loop.reset();  // the thread that looks up may still be at it
  }
}

TEST_F(ConnectorTest, MayBeUsedAgainOrDestroyedByItsDone) {
  const auto listener = listen_at(tcp("localhost"));
  auto connector = make_connector(*loop_, listener->endpoint(), nullptr);
  std::vector<std::unique_ptr<Stream>> streams;
  connector->connect(base::Deadline::never(), [&](auto first) {
    streams.push_back(must(std::move(first)));
    connector->connect(base::Deadline::never(), [&](auto second) {
      streams.push_back(must(std::move(second)));
      connector.reset();
    });
  });
  EXPECT_TRUE(run_until(*loop_, [&] { return streams.size() == 2; }));
}

TEST_F(ConnectorTest, NeverTakesItselfForTheOneItLooksFor) {
  // With nobody listening, a port among those the system gives to clients connects to itself once in a while.
  auto listener = listen_at(tcp("127.0.0.1"));
  const Endpoint endpoint = listener->endpoint();
  listener.reset();
  for (int i = 0; i < 300; ++i) ASSERT_FALSE(connect_to(endpoint).ok());
}

TEST(Endpoint, IsSpeltAsUsersKnowIt) {
  EXPECT_EQ(tcp("localhost", 8888).to_string(), "localhost:8888");
  EXPECT_EQ(tcp("", 8888).to_string(), "localhost:8888");
  EXPECT_EQ(tcp("::1", 8888).to_string(), "[::1]:8888");
  EXPECT_EQ(unix_in("/run/daffi/").to_string(), "unix:/run/daffi/.sock");
  const char* before = ::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", "/elsewhere", 1);
  EXPECT_EQ(unix_in("").socket_path(), "/elsewhere/daffi/.sock");
  before == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", kept.c_str(), 1);
}

}  // namespace
}  // namespace daffi::net
