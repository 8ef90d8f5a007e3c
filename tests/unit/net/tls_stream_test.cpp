/// @file  TLS end to end over loopback: who is admitted, who is refused and with what words, and the bytes between.
#include "net/tls_stream.hpp"

#include <array>
#include <atomic>
#include <optional>
#include <thread>

#include "certificates.hpp"
#include "net/endpoint.hpp"
#include "net/memory.hpp"

namespace daffi::net {
namespace {

using namespace std::chrono_literals;
using testing::Certificate;
using testing::must;
using testing::read_all;
using testing::Recorder;
using testing::run_until;
using testing::TemporaryFolder;
using testing::write_text;

using Context = std::shared_ptr<const TlsContext>;

class Tls : public ::testing::Test {
 protected:
  struct Meeting {
    std::unique_ptr<Stream> client, server;
    std::string client_failure;  ///< why connecting failed
    ErrorCode code{};
    IoStatus client_end = IoStatus::would_block;  ///< how the client's stream ended, if it did
    std::string client_words;                     ///< and what it said about that
  };

  // A listener with `server`, a connector with `client`: until both have a stream, or either has failed.
  Meeting meet(const Context& server, const Context& client, const std::string& host = "localhost") {
    Meeting meeting;
    const auto listener = must(listen(*loop_, endpoint(host), {.tls = server, .tls_handshake_timeout = 5s},
                                      [&](auto stream) { meeting.server = std::move(stream); }));
    Endpoint target = listener->endpoint();
    target.host = host;
    const auto connector = make_connector(*loop_, target, client);
    bool ended = false;
    connector->connect(base::Deadline::in(loop_->clock(), 10s), [&](auto result) {
      if (result) {
        meeting.client = std::move(result).value();
      } else {
        meeting.client_failure = result.failure().message;
        meeting.code = result.failure().code;
        ended = true;
      }
    });
    bool greeted = false;
    EXPECT_TRUE(run_until(*loop_, [&] {
      if (meeting.client && !std::exchange(greeted, true)) write_text(*meeting.client, "hello");
      if (meeting.client && !meeting.server) {
        read_all(*meeting.client, &meeting.client_end);
        meeting.client_words = meeting.client->failure().message;
        meeting.code = meeting.client->failure().code;
        ended = meeting.client_end != IoStatus::would_block;
      }
      return ended || (meeting.client && meeting.server);
    }));
    return meeting;
  }

  static Endpoint endpoint(const std::string& host) {
    return {.kind = Endpoint::Kind::tcp, .host = host, .port = 0, .folder = ""};
  }
  static Context load(const TlsFiles& files) { return must(TlsContext::load(files)); }
  std::string read_some(Stream& stream) {
    std::string text;
    EXPECT_TRUE(run_until(*loop_, [&] {
      text += read_all(stream);
      return !text.empty();
    }));
    return text;
  }

  TemporaryFolder folder_;
  std::unique_ptr<EpollLoop> loop_ = must(EpollLoop::create());
  const Certificate own_{folder_, "own", {.common_name = "own"}};
  const Certificate other_{folder_, "other", {.common_name = "own"}};  ///< looks alike, is another
  const Certificate authority_{folder_, "ca", {.common_name = "CA", .authority = true}};
  const Certificate stranger_{folder_, "stranger", {.common_name = "CA", .authority = true}};
  const Certificate server_{
      folder_,
      "server",
      {.common_name = "controller", .alternatives = "DNS:localhost,IP:127.0.0.1", .issuer = &authority_}};
  const Certificate worker_{folder_, "worker", {.common_name = "worker-1", .issuer = &authority_}};
};

using TlsPinned = Tls;
using TlsByAuthority = Tls;
using TlsBytes = Tls;

TEST_F(TlsPinned, AnotherCertificateIsRefusedByWhoConnects) {
  const Meeting meeting = meet(load(other_.pinned()), load(own_.pinned()));
  EXPECT_FALSE(meeting.server);
  EXPECT_EQ(meeting.code, ErrorCode::refused);
  EXPECT_NE(meeting.client_failure.find("certificate is not the one in ssl_certificate"), std::string::npos);
}

TEST_F(TlsPinned, AnotherCertificateIsRefusedByWhoServes) {
  // This client would take the server's certificate, by naming it as its authority, but shows another.
  const Certificate local(folder_, "local", {.alternatives = "DNS:localhost"});
  TlsFiles files = other_.pinned();
  files.ca = local.certificate_file();
  const Meeting meeting = meet(load(local.pinned()), load(files));
  EXPECT_FALSE(meeting.server);
  EXPECT_EQ(meeting.client_end, IoStatus::failed);
  EXPECT_EQ(meeting.code, ErrorCode::refused);
  EXPECT_NE(meeting.client_words.find("the other side ended TLS"), std::string::npos) << meeting.client_words;
}

TEST_F(TlsPinned, NoCertificateIsRefused) {
  const Certificate local(folder_, "local", {.alternatives = "DNS:localhost"});
  const Meeting meeting = meet(load(local.pinned()), load({"", "", local.certificate_file()}));
  EXPECT_FALSE(meeting.server);
  EXPECT_EQ(meeting.client_end, IoStatus::failed);
  EXPECT_EQ(meeting.code, ErrorCode::refused);
  EXPECT_NE(meeting.client_words.find("demands a client certificate"), std::string::npos) << meeting.client_words;
}

TEST_F(TlsPinned, TheSameCertificateIsAcceptedOnBothSidesByAnyName) {
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    const Meeting meeting = meet(load(own_.pinned()), load(own_.pinned()), host);
    ASSERT_TRUE(meeting.client && meeting.server) << meeting.client_failure;
    for (const Stream* stream : {meeting.client.get(), meeting.server.get()}) {
      EXPECT_TRUE(stream->peer().tls);
      EXPECT_TRUE(stream->peer().certificate_verified);
      EXPECT_EQ(stream->peer().certificate_name, "own");
      EXPECT_TRUE(stream->peer().same_host);
    }
    EXPECT_EQ(read_some(*meeting.server), "hello");
  }
}

TEST_F(TlsPinned, ItsOwnDatesDoNotMatter) {
  const Certificate old(folder_, "old", {.from = -2h, .to = -1h});
  EXPECT_TRUE(meet(load(old.pinned()), load(old.pinned())).server);
}

TEST_F(TlsByAuthority, AServerOfAnotherAuthorityIsRefused) {
  const Meeting meeting = meet(load(server_.under(authority_)), load({"", "", stranger_.certificate_file()}));
  EXPECT_EQ(meeting.code, ErrorCode::refused);
  EXPECT_NE(meeting.client_failure.find("certificate is not accepted: "), std::string::npos) << meeting.client_failure;
}

TEST_F(TlsByAuthority, AServerOfAnotherNameIsRefused) {
  const Certificate elsewhere(folder_, "elsewhere", {.alternatives = "DNS:elsewhere", .issuer = &authority_});
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    const Meeting meeting = meet(load(elsewhere.under(authority_)), load(worker_.under(authority_)), host);
    EXPECT_EQ(meeting.code, ErrorCode::refused);
    EXPECT_NE(meeting.client_failure.find("mismatch"), std::string::npos) << meeting.client_failure;
  }
}

TEST_F(TlsByAuthority, AnExpiredServerIsRefused) {
  const Certificate old(folder_, "old",
                        {.alternatives = "DNS:localhost", .issuer = &authority_, .from = -2h, .to = -1h});
  const Meeting meeting = meet(load(old.under(authority_)), load(worker_.under(authority_)));
  EXPECT_EQ(meeting.code, ErrorCode::refused);
  EXPECT_NE(meeting.client_failure.find("expired"), std::string::npos) << meeting.client_failure;
}

TEST_F(TlsByAuthority, AnExpiredClientIsRefused) {
  const Certificate old(folder_, "old", {.issuer = &authority_, .from = -2h, .to = -1h});
  const Meeting meeting = meet(load(server_.under(authority_)), load(old.under(authority_)));
  EXPECT_FALSE(meeting.server);
  EXPECT_EQ(meeting.client_end, IoStatus::failed);
}

TEST_F(TlsByAuthority, AClientOfAnotherAuthorityIsRefused) {
  const Certificate forged(folder_, "forged", {.common_name = "worker-1", .issuer = &stranger_});
  const Meeting meeting = meet(load(server_.under(authority_)), load(forged.under(authority_)));
  EXPECT_FALSE(meeting.server);
  EXPECT_EQ(meeting.client_end, IoStatus::failed);
}

TEST_F(TlsByAuthority, AClientWithoutCertificateComesThroughUnverified) {
  const Meeting meeting = meet(load(server_.under(authority_)), load({"", "", authority_.certificate_file()}));
  ASSERT_TRUE(meeting.client && meeting.server) << meeting.client_failure;
  EXPECT_TRUE(meeting.server->peer().tls);
  EXPECT_FALSE(meeting.server->peer().certificate_verified);
  EXPECT_EQ(meeting.server->peer().certificate_name, "");
}

TEST_F(TlsByAuthority, AVerifiedClientIsKnownByItsName) {
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    const Meeting meeting = meet(load(server_.under(authority_)), load(worker_.under(authority_)), host);
    ASSERT_TRUE(meeting.client && meeting.server) << meeting.client_failure;
    EXPECT_TRUE(meeting.server->peer().certificate_verified);
    EXPECT_EQ(meeting.server->peer().certificate_name, "worker-1");
    EXPECT_EQ(meeting.client->peer().certificate_name, "controller");
  }
}

TEST_F(Tls, AContextWithoutCertificateCannotServe) {
  const Meeting meeting = meet(load({"", "", authority_.certificate_file()}), load(worker_.under(authority_)));
  EXPECT_FALSE(meeting.server);
  EXPECT_EQ(meeting.code, ErrorCode::no_controller);
}

TEST_F(Tls, PlainOnATlsPortComesThroughAsPlain) {
  const Meeting meeting = meet(load(own_.pinned()), nullptr);
  ASSERT_TRUE(meeting.server);
  EXPECT_FALSE(meeting.server->peer().tls);
  EXPECT_EQ(read_some(*meeting.server), "hello");
}

TEST_F(Tls, TlsOnAPlainPortIsClosed) {
  const Meeting meeting = meet(nullptr, load(own_.pinned()));
  EXPECT_FALSE(meeting.server);
  EXPECT_EQ(meeting.code, ErrorCode::no_controller);
  EXPECT_NE(meeting.client_failure.find("closed the connection during the TLS handshake"), std::string::npos);
}

TEST_F(Tls, AnAnswerThatIsNotTlsIsToldAsSuch) {
  auto pair = make_memory_pair();
  const auto tls = must(TlsStream::join(load(own_.pinned()), std::move(pair.a), "localhost"));
  EXPECT_EQ(tls->handshake(), IoStatus::would_block);
  write_text(*pair.b, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n");
  EXPECT_EQ(tls->handshake(), IoStatus::failed);
  EXPECT_EQ(tls->failure().message, "the other side does not speak TLS");
}

TEST_F(Tls, AHandshakeThatNeverEndsIsClosedInTime) {
  std::unique_ptr<Stream> served;
  const auto listener =
      must(listen(*loop_, endpoint("localhost"), {.tls = load(own_.pinned()), .tls_handshake_timeout = 20ms},
                  [&](auto stream) { served = std::move(stream); }));
  std::unique_ptr<Stream> client;
  const auto connector = make_connector(*loop_, listener->endpoint(), nullptr);
  connector->connect(base::Deadline::never(), [&](auto result) { client = must(std::move(result)); });
  ASSERT_TRUE(run_until(*loop_, [&] { return client != nullptr; }));
  write_text(*client, "\x16");
  IoStatus last = IoStatus::would_block;
  EXPECT_TRUE(run_until(*loop_, [&] {
    read_all(*client, &last);
    return last != IoStatus::would_block;
  }));
  EXPECT_FALSE(served);
}

// Two ends over a memory pair, shaken hands, so that each byte and each end of it is in the test's hands.
struct Ends {
  std::unique_ptr<TlsStream> client, server;
  std::shared_ptr<MemoryLink> link;
};

Ends shake_hands(const Context& context, std::size_t capacity = 1 << 20) {
  auto pair = make_memory_pair(capacity);
  Ends ends{must(TlsStream::join(context, std::move(pair.a), "localhost")),
            must(TlsStream::serve(context, std::move(pair.b))), pair.link};
  IoStatus client = IoStatus::would_block;
  IoStatus server = IoStatus::would_block;
  for (int i = 0; i < 10 && (client != IoStatus::ok || server != IoStatus::ok); ++i) {
    if (client != IoStatus::ok) client = ends.client->handshake();
    if (server != IoStatus::ok) server = ends.server->handshake();
  }
  EXPECT_EQ(client, IoStatus::ok);
  EXPECT_EQ(server, IoStatus::ok);
  return ends;
}

TEST_F(TlsBytes, ACloseIsAnEndInOrder) {
  const Ends ends = shake_hands(load(own_.pinned()));
  write_text(*ends.client, "bye");
  ends.client->close();
  IoStatus last{};
  EXPECT_EQ(read_all(*ends.server, &last), "bye");
  EXPECT_EQ(last, IoStatus::closed);
  EXPECT_EQ(write_text(*ends.client, "x").status, IoStatus::failed);
  read_all(*ends.client, &last);
  EXPECT_EQ(last, IoStatus::failed);
}

TEST_F(TlsBytes, ATruncationIsAnEndToo) {
  const Ends ends = shake_hands(load(own_.pinned()));
  write_text(*ends.client, "last");
  ends.link->cut();
  IoStatus last{};
  EXPECT_EQ(read_all(*ends.server, &last), "last");
  EXPECT_EQ(last, IoStatus::closed);
}

TEST_F(TlsBytes, GarbageBetweenRecordsIsAFailureWithWords) {
  auto pair = make_memory_pair();
  auto middle = make_memory_pair();
  const Context context = load(own_.pinned());
  const auto client = must(TlsStream::join(context, std::move(pair.a), "localhost"));
  const auto server = must(TlsStream::serve(context, std::move(middle.a)));
  for (int i = 0; i < 5; ++i) {
    client->handshake();
    write_text(*middle.b, read_all(*pair.b));
    server->handshake();
    write_text(*pair.b, read_all(*middle.b));
  }
  write_text(*client, "true");
  std::string altered = read_all(*pair.b);
  altered.back() = static_cast<char>(altered.back() ^ 1);
  write_text(*middle.b, altered);
  std::byte buffer[16];
  const IoResult result = server->read(buffer);
  EXPECT_EQ(result.status, IoStatus::failed);
  EXPECT_EQ(result.error, EPROTO);
  EXPECT_FALSE(server->failure().message.empty());
  EXPECT_EQ(server->failure().code, ErrorCode::protocol);
  EXPECT_FALSE(server->has_pending_input());
}

TEST_F(TlsBytes, TakesABoundedAmountAndKeepsItUntilFlushed) {
  const Ends ends = shake_hands(load(own_.pinned()), 50'000);
  const std::string text(1 << 20, 'x');
  const IoResult first = write_text(*ends.client, text);
  EXPECT_EQ(first.status, IoStatus::ok);
  EXPECT_LE(first.bytes, 200'000u);
  EXPECT_EQ(write_text(*ends.client, text).status, IoStatus::would_block);
  EXPECT_EQ(ends.client->flush().status, IoStatus::would_block);
  std::size_t received = 0;
  for (int i = 0; i < 100 && received < first.bytes; ++i) {
    received += read_all(*ends.server).size();
    ends.client->flush();
  }
  EXPECT_EQ(received, first.bytes);
  EXPECT_EQ(ends.client->flush().status, IoStatus::ok);
}

TEST_F(TlsBytes, PacksSmallPartsIntoOneRecord) {
  const Ends ends = shake_hands(load(own_.pinned()));
  std::string text(1000, '.');
  std::vector<iovec> parts;
  for (std::size_t i = 0; i < text.size(); ++i) {
    text[i] = static_cast<char>('a' + i % 26);
    parts.push_back({&text[i], 1});
    parts.push_back({nullptr, 0});
  }
  EXPECT_EQ(ends.client->write(parts).bytes, text.size());
  EXPECT_LT(ends.link->in_flight(), text.size() + 100);
  EXPECT_EQ(read_all(*ends.server), text);
}

TEST_F(TlsBytes, TellsWhatNoReadinessWillAnnounce) {
  const Ends ends = shake_hands(load(own_.pinned()));
  EXPECT_FALSE(ends.server->has_pending_input());
  write_text(*ends.client, "hello");
  std::byte two[2];
  EXPECT_EQ(ends.server->read(two).bytes, 2u);
  EXPECT_TRUE(ends.server->has_pending_input());
  Recorder recorder;
  ASSERT_TRUE(ends.server->watch(*loop_, recorder).ok());
  EXPECT_TRUE(run_until(*loop_, [&] { return recorder.readable > 0; }));
  EXPECT_EQ(read_all(*ends.server), "llo");
  EXPECT_FALSE(ends.server->has_pending_input());
  ends.server->unwatch();
}

TEST_F(TlsBytes, CarriesMegabytesBothWaysWhileOthersReadAndWrite) {
  // Four threads: on each side one reads and another writes, as at a node. Readiness is polled to keep it plain.
  Meeting meeting = meet(load(own_.pinned()), load(own_.pinned()));
  ASSERT_TRUE(meeting.client && meeting.server);
  ASSERT_EQ(read_some(*meeting.server), "hello");
  constexpr std::size_t total = 4 << 20;
  std::atomic<int> wrong{0};
  const auto write_pattern = [&](Stream& stream) {
    std::size_t sent = 0;
    while (sent < total) {
      std::string chunk(std::min<std::size_t>(total - sent, 70'001), '\0');
      for (std::size_t i = 0; i < chunk.size(); ++i) chunk[i] = static_cast<char>((sent + i) % 251);
      const IoResult result = write_text(stream, chunk);
      if (result.status == IoStatus::failed) return void(++wrong);
      if (result.status == IoStatus::would_block) std::this_thread::yield();
      sent += result.bytes;
    }
    while (stream.flush().status == IoStatus::would_block) std::this_thread::yield();
  };
  const auto read_pattern = [&](Stream& stream) {
    std::vector<std::byte> buffer(40'000);
    std::size_t received = 0;
    while (received < total) {
      const IoResult result = stream.read(buffer);
      if (result.status == IoStatus::failed || result.status == IoStatus::closed) return void(++wrong);
      if (result.status == IoStatus::would_block) std::this_thread::yield();
      for (std::size_t i = 0; i < result.bytes; ++i) {
        if (buffer[i] != static_cast<std::byte>(received++ % 251)) ++wrong;
      }
    }
  };
  std::thread threads[] = {
      std::thread([&] { write_pattern(*meeting.client); }), std::thread([&] { read_pattern(*meeting.client); }),
      std::thread([&] { write_pattern(*meeting.server); }), std::thread([&] { read_pattern(*meeting.server); })};
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(TlsBytes, MayBeClosedWhileOthersReadAndWrite) {
  for (int round = 0; round < 20; ++round) {
    const Ends ends = shake_hands(load(own_.pinned()), 10'000);
    std::thread writer([&] {
      while (write_text(*ends.client, std::string(5'000, 'x')).status != IoStatus::failed) {
      }
    });
    std::thread reader([&] {
      std::byte buffer[4096];
      while (ends.client->read(buffer).status != IoStatus::failed) {
      }
    });
    read_all(*ends.server);
    ends.client->close();
    writer.join();
    reader.join();
  }
}

}  // namespace
}  // namespace daffi::net
