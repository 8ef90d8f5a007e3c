/// @file  TlsStream: TLS over another stream, through memory buffers, so that one thread may read while another writes.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/annotations.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"

namespace daffi::net {

/// Threads: as Stream says; handshake() before anything else, by one thread.
/// Lock order: write_mutex_, then ssl_mutex_. Neither is held while the inner stream is read; only the first while it
/// is written.
class TlsStream final : public Stream {
 public:
  /// The side that was connected to. Failure: initialization, when the context has no certificate to show.
  static base::Result<std::unique_ptr<TlsStream>> serve(std::shared_ptr<const TlsContext> context,
                                                        std::unique_ptr<Stream> inner);
  /// The side that connected, to a peer known as `host` (a name or a numeric address).
  static base::Result<std::unique_ptr<TlsStream>> join(std::shared_ptr<const TlsContext> context,
                                                       std::unique_ptr<Stream> inner, const std::string& host);
  ~TlsStream() override;

  /// Goes on with the handshake: ok when it is done, would_block when to be called again at the next readiness,
  /// otherwise failed: failure() says why.
  IoStatus handshake();

  IoResult read(base::MutableBytes into) override;
  IoResult write(std::span<const iovec> parts) override;
  IoResult flush() override;
  bool has_bulk_room() override { return inner_->has_bulk_room(); }
  bool has_pending_input() const override { return pending_input_.load(std::memory_order_relaxed); }
  void close() override;
  /// Code `refused` when a certificate was not accepted (this side's: TLS 1.3 tells that only after the handshake),
  /// `no_controller` when the connection broke during the handshake, `protocol` for other failures after it.
  base::Failure failure() const override;
  base::Result<void> watch(Loop& loop, Watcher& watcher) override;
  void unwatch() override;
  int fd() const override { return inner_->fd(); }
  const PeerInfo& peer() const override { return peer_; }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  TlsStream(std::shared_ptr<const TlsContext> context, std::unique_ptr<Stream> inner, SSL* ssl);
  IoResult read_ciphertext();
  IoResult push_out() DAFFI_REQUIRES(write_mutex_);
  bool encrypt(base::Bytes plain) DAFFI_EXCLUDES(ssl_mutex_);
  void note_failure(ErrorCode code, std::string text) DAFFI_REQUIRES(ssl_mutex_);
  void note_ssl_failure() DAFFI_REQUIRES(ssl_mutex_);
  void learn_peer();

  const std::shared_ptr<const TlsContext> context_;
  const std::unique_ptr<Stream> inner_;
  PeerInfo peer_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> pending_input_{false};
  std::shared_ptr<Watcher*> watched_by_;  ///< gone when unwatched; a posted report holds it weakly

  base::Mutex write_mutex_;
  std::vector<std::byte> out_ DAFFI_GUARDED_BY(write_mutex_);  ///< ciphertext on its way to the inner stream
  std::size_t sent_ DAFFI_GUARDED_BY(write_mutex_) = 0;        ///< how much of out_ is through

  mutable base::Mutex ssl_mutex_;
  const std::unique_ptr<SSL, FreeSsl> ssl_;           ///< what it points to is used under ssl_mutex_
  bool shaken_ DAFFI_GUARDED_BY(ssl_mutex_) = false;  ///< the handshake is done; OpenSSL forgets that when it fails
  base::Failure failure_ DAFFI_GUARDED_BY(ssl_mutex_);
};

}  // namespace daffi::net
