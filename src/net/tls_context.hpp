/// @file  OpenSslContext: what a TlsContext is inside net.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "net/tls.hpp"

namespace daffi::net {

/// The words OpenSSL has for the last thing that went wrong on this thread; empties its queue.
std::string take_ssl_error();

/// Every TlsContext is one of these. Immutable; threads: any.
class OpenSslContext final : public TlsContext {
 public:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using Context = std::unique_ptr<SSL_CTX, Free>;
  using Certificate = std::unique_ptr<X509, Free>;

  static base::Result<std::shared_ptr<const TlsContext>> load(const TlsFiles& files);

  bool pinned() const override { return pinned_; }
  bool has_certificate() const { return own_ != nullptr; }
  /// A connection that serves; null without memory.
  SSL* new_server() const;
  /// A connection that verifies its peer as `host`, unless pinned; null without memory, or for a malformed host.
  SSL* new_client(const std::string& host) const;

 private:
  static int verify_pinned(X509_STORE_CTX* store, void* self);
  base::Result<void> use_certificate(const TlsFiles& files);
  base::Result<void> use_ca(const std::string& path);

  Context context_;
  Certificate own_;
  bool pinned_ = false;
};

/// The subject's common name, else its first DNS name; empty when it has neither, or none fit to be shown.
std::string certificate_name(X509* certificate);

}  // namespace daffi::net
