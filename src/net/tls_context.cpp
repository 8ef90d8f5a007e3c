/// @file  OpenSslContext: reads the user's files, says which does not fit, and sets the rules of verification.
#include "net/tls_context.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "net/descriptor.hpp"

namespace daffi::net {
namespace {

base::Failure file_failure(const char* argument, const std::string& path, const std::string& why) {
  return base::fail(ErrorCode::initialization, std::string(argument) + ": '" + path + "' " + why);
}

base::Result<void> check_readable(const char* argument, const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    return file_failure(argument, path, "cannot be read: " + std::generic_category().message(errno));
  }
  if (!S_ISREG(status.st_mode)) return file_failure(argument, path, "is not a file");
  return {};
}

// A key that wants a passphrase is an error, not a question on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

int is_mismatch(unsigned long error) {
  return ERR_GET_LIB(error) == ERR_LIB_X509 &&
         (ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH || ERR_GET_REASON(error) == X509_R_KEY_TYPE_MISMATCH);
}

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Connections live long and are few: resuming them is not worth keeping secrets for.
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

bool is_address(const std::string& host) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  ERR_clear_error();
  return address != nullptr;
}

// What is shown and compared must be text: no control characters, no zero byte that ends it early for somebody.
std::string printable_text(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int length = ASN1_STRING_to_UTF8(&utf8, string);
  if (length < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length));
  OPENSSL_free(utf8);
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return {};
  }
  return text;
}

std::string first_dns_name(X509* certificate) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::string found;
  for (int i = 0; found.empty() && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) found = printable_text(name->d.dNSName);
  }
  GENERAL_NAMES_free(names);
  return found;
}

}  // namespace

std::string take_ssl_error() {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  return reason == nullptr ? "unknown TLS error" : reason;
}

std::string certificate_name(X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index >= 0) {
    std::string name = printable_text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
    if (!name.empty()) return name;
  }
  return first_dns_name(certificate);
}

base::Result<std::shared_ptr<const TlsContext>> TlsContext::load(const TlsFiles& files) {
  return OpenSslContext::load(files);
}

base::Result<std::shared_ptr<const TlsContext>> OpenSslContext::load(const TlsFiles& files) {
  if (files.certificate.empty() != files.key.empty()) {
    const bool no_key = files.key.empty();
    return base::fail(ErrorCode::initialization, no_key ? "ssl_certificate needs ssl_key, which is missing"
                                                        : "ssl_key needs ssl_certificate, which is missing");
  }
  if (!files.any()) return base::fail(ErrorCode::initialization, "TLS needs ssl_certificate and ssl_key, or ssl_ca");
  ERR_clear_error();
  auto context = std::make_shared<OpenSslContext>();
  context->context_.reset(SSL_CTX_new(TLS_method()));
  if (!context->context_) return base::fail(ErrorCode::system, "TLS is not available: " + take_ssl_error());
  set_rules(context->context_.get());
  if (!files.certificate.empty()) {
    if (auto used = context->use_certificate(files); !used) return std::move(used).failure();
  }
  context->pinned_ = files.ca.empty();
  if (context->pinned_) {
    SSL_CTX_set_cert_verify_callback(context->context_.get(), verify_pinned, context.get());
  } else if (auto used = context->use_ca(files.ca); !used) {
    return std::move(used).failure();
  }
  return std::shared_ptr<const TlsContext>(std::move(context));
}

base::Result<void> OpenSslContext::use_certificate(const TlsFiles& files) {
  if (auto readable = check_readable("ssl_certificate", files.certificate); !readable) return readable;
  if (auto readable = check_readable("ssl_key", files.key); !readable) return readable;
  if (SSL_CTX_use_certificate_chain_file(context_.get(), files.certificate.c_str()) != 1) {
    return file_failure("ssl_certificate", files.certificate, "is not a usable PEM certificate: " + take_ssl_error());
  }
  if (SSL_CTX_use_PrivateKey_file(context_.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (is_mismatch(ERR_peek_last_error())) {
      ERR_clear_error();
      return file_failure("ssl_key", files.key, "does not belong to ssl_certificate '" + files.certificate + "'");
    }
    return file_failure("ssl_key", files.key, "is not a usable PEM key without a passphrase: " + take_ssl_error());
  }
  own_.reset(SSL_CTX_get0_certificate(context_.get()));
  X509_up_ref(own_.get());
  return {};
}

base::Result<void> OpenSslContext::use_ca(const std::string& path) {
  if (auto readable = check_readable("ssl_ca", path); !readable) return readable;
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(path.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context_.get(), path.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return file_failure("ssl_ca", path, "holds no usable PEM certificate: " + take_ssl_error());
  }
  SSL_CTX_set_client_CA_list(context_.get(), names);
  return {};
}

// Both sides hold the same certificate, and TLS itself proves that the peer holds its key: nothing else is asked, not
// even its dates.
int OpenSslContext::verify_pinned(X509_STORE_CTX* store, void* self) {
  const X509* own = static_cast<const OpenSslContext*>(self)->own_.get();
  const X509* shown = X509_STORE_CTX_get0_cert(store);
  unsigned char* own_der = nullptr;
  unsigned char* shown_der = nullptr;
  const int own_length = i2d_X509(own, &own_der);
  const int shown_length = shown == nullptr ? -1 : i2d_X509(shown, &shown_der);
  const bool same = own_length > 0 && own_length == shown_length &&
                    CRYPTO_memcmp(own_der, shown_der, static_cast<std::size_t>(own_length)) == 0;
  OPENSSL_free(own_der);
  OPENSSL_free(shown_der);
  X509_STORE_CTX_set_error(store, same ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
  return same ? 1 : 0;
}

SSL* OpenSslContext::new_server() const {
  SSL* ssl = SSL_new(context_.get());
  if (ssl == nullptr) return nullptr;
  SSL_set_accept_state(ssl);
  // By a CA, whoever shows no certificate may still be admitted by other means; a wrong one is refused in any case.
  SSL_set_verify(ssl, pinned_ ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER, nullptr);
  return ssl;
}

SSL* OpenSslContext::new_client(const std::string& host) const {
  SSL* ssl = SSL_new(context_.get());
  if (ssl == nullptr) return nullptr;
  SSL_set_connect_state(ssl);
  SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  const bool address = is_address(host);
  bool fits = address || SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
  if (!pinned_) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    fits = fits && (address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1
                            : SSL_set1_host(ssl, host.c_str()) == 1);
  }
  if (fits) return ssl;
  SSL_free(ssl);
  return nullptr;
}

}  // namespace daffi::net
