/// @file  Certificates made on the spot, for the tests of TLS.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "net/tls.hpp"
#include "net_testing.hpp"

namespace daffi::net::testing {

/// A key and its certificate, in memory and as two files.
class Certificate {
 public:
  struct Options {
    std::string common_name = "somebody";
    std::string alternatives = {};        ///< "DNS:localhost,IP:127.0.0.1"
    const Certificate* issuer = nullptr;  ///< null: signs itself
    bool authority = false;
    std::chrono::seconds from = -std::chrono::hours(1);
    std::chrono::seconds to = std::chrono::hours(1);
  };

  Certificate(const TemporaryFolder& folder, const std::string& name, const Options& options)
      : certificate_file_(folder / (name + ".pem")), key_file_(folder / (name + ".key")) {
    key_.reset(EVP_EC_gen("P-256"));
    certificate_.reset(X509_new());
    X509* certificate = certificate_.get();
    X509_set_version(certificate, 2);
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), static_cast<long>(options.from.count()));
    X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(options.to.count()));
    X509_set_pubkey(certificate, key_.get());
    const auto* text = reinterpret_cast<const unsigned char*>(options.common_name.data());
    X509_NAME* subject = X509_get_subject_name(certificate);
    if (!options.common_name.empty()) {
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, static_cast<int>(options.common_name.size()), -1,
                                 0);
    }
    const Certificate& issuer = options.issuer != nullptr ? *options.issuer : *this;
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer.certificate_.get()));
    extend(NID_basic_constraints, options.authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!options.alternatives.empty()) extend(NID_subject_alt_name, options.alternatives);
    EXPECT_GT(X509_sign(certificate, issuer.key_.get(), EVP_sha256()), 0);
    write_files();
  }

  const std::string& certificate_file() const { return certificate_file_; }
  const std::string& key_file() const { return key_file_; }
  TlsFiles pinned() const { return {certificate_file_, key_file_, ""}; }
  TlsFiles under(const Certificate& authority) const {
    return {certificate_file_, key_file_, authority.certificate_file_};
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };

  void extend(int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    ASSERT_NE(extension, nullptr) << value;
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  void write_files() const {
    std::FILE* file = std::fopen(certificate_file_.c_str(), "w");
    PEM_write_X509(file, certificate_.get());
    std::fclose(file);
    file = std::fopen(key_file_.c_str(), "w");
    PEM_write_PrivateKey(file, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
  }

  std::string certificate_file_, key_file_;
  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
};

}  // namespace daffi::net::testing
