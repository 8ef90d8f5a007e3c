/// @file  TlsStream: ciphertext goes from the inner stream into one memory buffer, and from another back to it.
#include "net/tls_stream.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "net/tls_context.hpp"

namespace daffi::net {
namespace {

constexpr std::size_t record_size = 16 * 1024;
constexpr std::size_t max_unsent = 128 * 1024;  ///< ciphertext kept for a peer that does not read
constexpr std::size_t read_size = 32 * 1024;

const OpenSslContext& openssl(const TlsContext& context) { return static_cast<const OpenSslContext&>(context); }

// Walks over the bytes of several parts as if they were one.
class Gatherer {
 public:
  explicit Gatherer(std::span<const iovec> parts) : parts_(parts) { skip_empty(); }
  bool done() const { return parts_.empty(); }

  // The next bytes, one record at most: in place where they lie together, else copied into `scratch`.
  base::Bytes next(std::array<std::byte, record_size>& scratch) {
    const std::size_t here = parts_.front().iov_len - offset_;
    if (here >= scratch.size() || parts_.size() == 1) return take(std::min(here, scratch.size()));
    std::size_t filled = 0;
    while (!done() && filled < scratch.size()) {
      const std::size_t room = scratch.size() - filled;
      const base::Bytes piece = take(std::min(parts_.front().iov_len - offset_, room));
      std::memcpy(scratch.data() + filled, piece.data(), piece.size());
      filled += piece.size();
    }
    return base::Bytes(scratch).first(filled);
  }

 private:
  base::Bytes take(std::size_t count) {
    const base::Bytes bytes(static_cast<const std::byte*>(parts_.front().iov_base) + offset_, count);
    offset_ += count;
    skip_empty();
    return bytes;
  }
  void skip_empty() {
    while (!parts_.empty() && offset_ == parts_.front().iov_len) {
      parts_ = parts_.subspan(1);
      offset_ = 0;
    }
  }

  std::span<const iovec> parts_;
  std::size_t offset_ = 0;
};

// Alerts by which a peer says that it does not take the certificate it was shown.
bool is_about_certificates(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
      return true;
    default:
      return false;
  }
}

}  // namespace

base::Result<std::unique_ptr<TlsStream>> TlsStream::serve(std::shared_ptr<const TlsContext> context,
                                                          std::unique_ptr<Stream> inner) {
  if (!openssl(*context).has_certificate()) {
    return base::fail(ErrorCode::initialization, "TLS cannot be served without ssl_certificate and ssl_key");
  }
  SSL* ssl = openssl(*context).new_server();
  if (ssl == nullptr) return base::fail(ErrorCode::system, "no TLS connection: " + take_ssl_error());
  return std::unique_ptr<TlsStream>(new TlsStream(std::move(context), std::move(inner), ssl));
}

base::Result<std::unique_ptr<TlsStream>> TlsStream::join(std::shared_ptr<const TlsContext> context,
                                                         std::unique_ptr<Stream> inner, const std::string& host) {
  SSL* ssl = openssl(*context).new_client(host);
  if (ssl == nullptr) return base::fail(ErrorCode::system, "no TLS connection to '" + host + "': " + take_ssl_error());
  return std::unique_ptr<TlsStream>(new TlsStream(std::move(context), std::move(inner), ssl));
}

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, std::unique_ptr<Stream> inner, SSL* ssl)
    : context_(std::move(context)), inner_(std::move(inner)), peer_(inner_->peer()), ssl_(ssl) {
  peer_.tls = true;
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
}

TlsStream::~TlsStream() {
  unwatch();
  close();
}

IoStatus TlsStream::handshake() {
  for (;;) {
    int wants = SSL_ERROR_NONE;
    {
      const base::Lock lock(ssl_mutex_);
      ERR_clear_error();
      wants = SSL_get_error(ssl_.get(), SSL_do_handshake(ssl_.get()));
      if (wants != SSL_ERROR_NONE && wants != SSL_ERROR_WANT_READ) note_ssl_failure();
    }
    // Also after a failure: the peer learns the reason by an alert.
    const IoResult sent = flush();
    if (wants == SSL_ERROR_NONE) {
      if (sent.status != IoStatus::ok) return sent.status;
      learn_peer();
      return IoStatus::ok;
    }
    if (wants != SSL_ERROR_WANT_READ) return IoStatus::failed;
    const IoResult got = read_ciphertext();
    if (got.status == IoStatus::would_block) return IoStatus::would_block;
    if (got.status != IoStatus::ok) {
      const base::Lock lock(ssl_mutex_);
      note_failure(ErrorCode::no_controller, "the other side closed the connection during the TLS handshake");
      return IoStatus::failed;
    }
  }
}

base::Failure TlsStream::failure() const {
  const base::Lock lock(ssl_mutex_);
  return failure_;
}

void TlsStream::note_failure(ErrorCode code, std::string text) {
  if (failure_.message.empty()) failure_ = base::fail(code, std::move(text));
}

// Words for the failure that OpenSSL has just reported.
void TlsStream::note_ssl_failure() {
  const unsigned long error = ERR_peek_last_error();
  const int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  const long verified = SSL_get_verify_result(ssl_.get());
  const std::string words = take_ssl_error();
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && context_->pinned()) {
    note_failure(ErrorCode::refused, "the other side's certificate is not the one in ssl_certificate");
  } else if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    note_failure(ErrorCode::refused, std::string("the other side's certificate is not accepted: ") +
                                         X509_verify_cert_error_string(verified));
  } else if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    note_failure(ErrorCode::refused, "the other side showed no certificate");
  } else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST) {
    note_failure(ErrorCode::refused, "the other side does not speak TLS");
  } else if (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED) {
    note_failure(ErrorCode::refused, "the other side demands a client certificate: give ssl_certificate and ssl_key");
  } else if (reason >= SSL_AD_REASON_OFFSET) {
    const bool about_us = !shaken_ || is_about_certificates(reason - SSL_AD_REASON_OFFSET);
    note_failure(about_us ? ErrorCode::refused : ErrorCode::protocol, "the other side ended TLS: " + words);
  } else {
    note_failure(shaken_ ? ErrorCode::protocol : ErrorCode::refused, "TLS failed: " + words);
  }
}

void TlsStream::learn_peer() {
  const base::Lock lock(ssl_mutex_);
  shaken_ = true;
  pending_input_.store(BIO_ctrl_pending(SSL_get_rbio(ssl_.get())) > 0);
  X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return;
  peer_.certificate_verified = true;
  peer_.certificate_name = certificate_name(certificate);
}

// Moves what the inner stream has into the buffer that OpenSSL reads from.
IoResult TlsStream::read_ciphertext() {
  std::array<std::byte, read_size> buffer;
  const IoResult got = inner_->read(buffer);
  if (got.status != IoStatus::ok) return got;
  const base::Lock lock(ssl_mutex_);
  const int kept = BIO_write(SSL_get_rbio(ssl_.get()), buffer.data(), static_cast<int>(got.bytes));
  if (kept != static_cast<int>(got.bytes)) return {IoStatus::failed, 0, ENOMEM};
  return got;
}

IoResult TlsStream::read(base::MutableBytes into) {
  assert(!into.empty());
  for (;;) {
    if (closed_.load(std::memory_order_relaxed)) return {IoStatus::failed, 0, ECONNABORTED};
    {
      const base::Lock lock(ssl_mutex_);
      // Asked again, OpenSSL would call a connection that the peer ended by an alert merely closed.
      if (!failure_.message.empty()) return {IoStatus::failed, 0, EPROTO};
      std::size_t count = 0;
      ERR_clear_error();
      const int ok = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
      pending_input_.store(SSL_has_pending(ssl_.get()) == 1 || BIO_ctrl_pending(SSL_get_rbio(ssl_.get())) > 0,
                           std::memory_order_relaxed);
      if (ok == 1) return {IoStatus::ok, count, 0};
      const int wants = SSL_get_error(ssl_.get(), ok);
      if (wants != SSL_ERROR_WANT_READ) pending_input_.store(false, std::memory_order_relaxed);
      if (wants == SSL_ERROR_ZERO_RETURN) return {IoStatus::closed, 0, 0};
      if (wants != SSL_ERROR_WANT_READ) {
        note_ssl_failure();
        return {IoStatus::failed, 0, EPROTO};
      }
      // Part of a record: no bytes for anybody until the rest arrives, which a readiness event will announce.
      pending_input_.store(false, std::memory_order_relaxed);
    }
    // An end without a close_notify may have been forged, but the frames above know whether they are complete.
    const IoResult got = read_ciphertext();
    if (got.status != IoStatus::ok) return got;
  }
}

bool TlsStream::encrypt(base::Bytes plain) {
  const base::Lock lock(ssl_mutex_);
  std::size_t count = 0;
  ERR_clear_error();
  // Into memory a record always fits, so it is taken whole or the connection is broken.
  if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &count) == 1 && count == plain.size()) return true;
  note_ssl_failure();
  return false;
}

IoResult TlsStream::write(std::span<const iovec> parts) {
  if (closed_.load(std::memory_order_relaxed)) return {IoStatus::failed, 0, ECONNABORTED};
  const base::Lock lock(write_mutex_);
  Gatherer gatherer(parts);
  std::array<std::byte, record_size> scratch;
  std::size_t accepted = 0;
  // Only what the inner stream did not take can still be there: then it takes nothing more now.
  for (IoResult pushed = push_out(); !gatherer.done(); pushed = push_out()) {
    if (pushed.status == IoStatus::failed) return pushed;
    if (pushed.status == IoStatus::would_block) {
      return {accepted > 0 ? IoStatus::ok : IoStatus::would_block, accepted, 0};
    }
    for (std::size_t batch = 0; batch < max_unsent && !gatherer.done();) {
      const base::Bytes plain = gatherer.next(scratch);
      if (!encrypt(plain)) return {IoStatus::failed, 0, EPROTO};
      batch += plain.size();
      accepted += plain.size();
    }
  }
  return {IoStatus::ok, accepted, 0};
}

IoResult TlsStream::flush() {
  const base::Lock lock(write_mutex_);
  return push_out();
}

// Hands ciphertext to the inner stream until there is none left, or it takes no more.
IoResult TlsStream::push_out() {
  for (;;) {
    if (sent_ == out_.size()) {
      const base::Lock lock(ssl_mutex_);
      BIO* bio = SSL_get_wbio(ssl_.get());
      const std::size_t pending = BIO_ctrl_pending(bio);
      out_.resize(pending);
      sent_ = 0;
      if (pending == 0) return {IoStatus::ok, 0, 0};
      BIO_read(bio, out_.data(), static_cast<int>(pending));
    }
    const iovec rest{out_.data() + sent_, out_.size() - sent_};
    const IoResult sent = inner_->write({&rest, 1});
    if (sent.status != IoStatus::ok) return sent;
    sent_ += sent.bytes;
  }
}

void TlsStream::close() {
  if (closed_.exchange(true)) return;
  // The farewell is best effort: not while somebody writes, nor behind ciphertext that is still waiting, nor on a
  // connection that failed (where OpenSSL refuses it).
  if (write_mutex_.try_lock()) {
    if (push_out().status == IoStatus::ok) {
      {
        const base::Lock lock(ssl_mutex_);
        if (SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
        ERR_clear_error();
      }
      push_out();
    }
    write_mutex_.unlock();
  }
  inner_->close();
}

base::Result<void> TlsStream::watch(Loop& loop, Watcher& watcher) {
  if (auto watched = inner_->watch(loop, watcher); !watched) return watched;
  watched_by_ = std::make_shared<Watcher*>(&watcher);
  if (!has_pending_input()) return {};
  // What has been read from the descriptor already it will not report again.
  loop.post([watched_by = std::weak_ptr(watched_by_)] {
    if (const auto still = watched_by.lock()) (*still)->on_ready({.readable = true});
  });
  return {};
}

void TlsStream::unwatch() {
  watched_by_.reset();
  inner_->unwatch();
}

}  // namespace daffi::net
