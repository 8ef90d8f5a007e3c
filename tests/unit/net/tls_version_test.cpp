/// @file  Which versions of TLS are spoken, asked by a peer that is OpenSSL itself and takes any.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <optional>
#include <thread>

#include "certificates.hpp"
#include "net/endpoint.hpp"
#include "net/tls_context.hpp"

namespace daffi::net {
namespace {

using namespace std::chrono_literals;
using testing::Certificate;
using testing::must;
using testing::run_until;
using testing::TemporaryFolder;

// A peer that would take anything, and no version above `version`.
class AnyTls {
 public:
  AnyTls(const Certificate& certificate, int version) : context_(SSL_CTX_new(TLS_method())) {
    SSL_CTX_set_security_level(context_, 0);
    EXPECT_EQ(SSL_CTX_set_cipher_list(context_, "ALL:@SECLEVEL=0"), 1);
    EXPECT_EQ(SSL_CTX_set_min_proto_version(context_, TLS1_VERSION), 1);
    EXPECT_EQ(SSL_CTX_set_max_proto_version(context_, version), 1);
    EXPECT_EQ(SSL_CTX_use_certificate_file(context_, certificate.certificate_file().c_str(), SSL_FILETYPE_PEM), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context_, certificate.key_file().c_str(), SSL_FILETYPE_PEM), 1);
  }
  ~AnyTls() { SSL_CTX_free(context_); }
  AnyTls(const AnyTls&) = delete;
  AnyTls& operator=(const AnyTls&) = delete;

  // The version that was agreed upon; 0: none. Blocks for as long as the other side does, 20 s at most. Thread: one of
  // its own.
  int handshake(const Descriptor& socket, bool as_client) const {
    // OpenSSL writes to whom it has lost, too.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    const timeval limit{20, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, socket.get());
    const int done = as_client ? SSL_connect(ssl) : SSL_accept(ssl);
    const int version = done == 1 ? SSL_version(ssl) : 0;
    if (version != 0) SSL_write(ssl, "hello", 5);
    SSL_free(ssl);
    ERR_clear_error();
    return version;
  }

 private:
  SSL_CTX* const context_;
};

class TlsVersion : public ::testing::Test {
 protected:
  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  std::shared_ptr<const TlsContext> pinned() const { return must(TlsContext::load(own_.pinned())); }

  // What a client of at most `version` agrees upon with our listener.
  int connected_with(int version) {
    std::unique_ptr<Stream> served;
    const auto listener =
        must(listen(*loop_, {.kind = Endpoint::Kind::tcp, .host = "127.0.0.1", .port = 0, .folder = ""},
                    {.tls = pinned(), .tls_handshake_timeout = 20s}, [&](auto stream) { served = std::move(stream); }));
    const AnyTls any(own_, version);
    std::atomic<int> agreed{-1};
    std::thread client([&] {
      const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const auto address = loopback(listener->endpoint().port);
      EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
      agreed = any.handshake(socket, true);
    });
    EXPECT_TRUE(run_until(*loop_, [&] { return agreed != -1 && (agreed == 0 || served); }));
    client.join();
    EXPECT_EQ(served != nullptr, agreed != 0);
    return agreed;
  }

  // The same for a server and our connector.
  int served_with(int version) {
    const Descriptor listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listening.get(), 1), 0);
    EXPECT_EQ(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const AnyTls any(own_, version);
    std::atomic<int> agreed{-1};
    std::thread server([&] {
      const Descriptor socket(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
      agreed = any.handshake(socket, false);
    });
    const auto connector = make_connector(
        *loop_, {.kind = Endpoint::Kind::tcp, .host = "127.0.0.1", .port = ntohs(address.sin_port), .folder = ""},
        pinned());
    std::optional<bool> connected;
    connector->connect(base::Deadline::in(loop_->clock(), 20s), [&](auto result) { connected = result.ok(); });
    EXPECT_TRUE(run_until(*loop_, [&] { return connected.has_value(); }));
    server.join();
    EXPECT_EQ(connected.value_or(false), agreed != 0);
    return agreed;
  }

  TemporaryFolder folder_;
  std::unique_ptr<EpollLoop> loop_ = must(EpollLoop::create());
  const Certificate own_{folder_, "own", {.common_name = "own"}};
};

TEST_F(TlsVersion, BelowOneTwoIsRefusedByWhoServes) {
  EXPECT_EQ(connected_with(TLS1_VERSION), 0);
  EXPECT_EQ(connected_with(TLS1_1_VERSION), 0);
  EXPECT_EQ(connected_with(TLS1_2_VERSION), TLS1_2_VERSION);
  EXPECT_EQ(connected_with(TLS1_3_VERSION), TLS1_3_VERSION);
}

TEST_F(TlsVersion, BelowOneTwoIsRefusedByWhoConnects) {
  EXPECT_EQ(served_with(TLS1_VERSION), 0);
  EXPECT_EQ(served_with(TLS1_1_VERSION), 0);
  EXPECT_EQ(served_with(TLS1_2_VERSION), TLS1_2_VERSION);
  EXPECT_EQ(served_with(TLS1_3_VERSION), TLS1_3_VERSION);
}

}  // namespace
}  // namespace daffi::net
