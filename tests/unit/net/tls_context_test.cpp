/// @file  TlsContext: files that are missing, broken or do not fit are named by their argument and path.
#include "net/tls_context.hpp"

#include <sys/stat.h>

#include <fstream>

#include "certificates.hpp"

namespace daffi::net {
namespace {

using testing::Certificate;
using testing::must;
using testing::TemporaryFolder;

std::string refusal(const TlsFiles& files) {
  const auto context = TlsContext::load(files);
  if (context) return "";
  EXPECT_EQ(context.failure().code, ErrorCode::initialization);
  return context.failure().message;
}

TEST(TlsContext, ACertificateWithoutItsKeyIsRefusedAndTheReverse) {
  EXPECT_EQ(refusal({"/c.pem", "", ""}), "ssl_certificate needs ssl_key, which is missing");
  EXPECT_EQ(refusal({"", "/c.key", ""}), "ssl_key needs ssl_certificate, which is missing");
  EXPECT_EQ(refusal({}), "TLS needs ssl_certificate and ssl_key, or ssl_ca");
}

TEST(TlsContext, AMissingFileIsNamed) {
  TemporaryFolder folder;
  const Certificate own(folder, "own", {});
  EXPECT_EQ(refusal({"/nowhere/c.pem", own.key_file(), ""}),
            "ssl_certificate: '/nowhere/c.pem' cannot be read: No such file or directory");
  EXPECT_EQ(refusal({own.certificate_file(), "/nowhere/c.key", ""}),
            "ssl_key: '/nowhere/c.key' cannot be read: No such file or directory");
  EXPECT_EQ(refusal({"", "", "/nowhere/ca.pem"}),
            "ssl_ca: '/nowhere/ca.pem' cannot be read: No such file or directory");
  EXPECT_EQ(refusal({"", "", folder.path()}), "ssl_ca: '" + folder.path() + "' is not a file");
}

TEST(TlsContext, AFileThatIsNoPemIsNamed) {
  TemporaryFolder folder;
  const Certificate own(folder, "own", {});
  std::ofstream(folder / "junk") << "junk";
  const std::string junk = folder / "junk";
  EXPECT_TRUE(refusal({junk, own.key_file(), ""}).starts_with("ssl_certificate: '" + junk + "' is not a usable PEM"));
  EXPECT_TRUE(refusal({own.certificate_file(), junk, ""}).starts_with("ssl_key: '" + junk + "' is not a usable PEM"));
  EXPECT_TRUE(refusal({"", "", junk}).starts_with("ssl_ca: '" + junk + "' holds no usable PEM"));
}

TEST(TlsContext, AKeyOfAnotherCertificateIsRefused) {
  TemporaryFolder folder;
  const Certificate own(folder, "own", {});
  const Certificate other(folder, "other", {});
  EXPECT_EQ(refusal({own.certificate_file(), other.key_file(), ""}),
            "ssl_key: '" + other.key_file() + "' does not belong to ssl_certificate '" + own.certificate_file() + "'");
}

TEST(TlsContext, AKeyWithAPassphraseIsRefusedWithoutAsking) {
  TemporaryFolder folder;
  const Certificate own(folder, "own", {});
  EVP_PKEY* key = EVP_EC_gen("P-256");
  std::FILE* file = std::fopen((folder / "locked.key").c_str(), "w");
  auto passphrase = std::to_array<unsigned char>({'s', 'e', 's', 'a', 'm', 'e'});
  PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), passphrase.data(), static_cast<int>(passphrase.size()), nullptr,
                       nullptr);
  std::fclose(file);
  EVP_PKEY_free(key);
  EXPECT_TRUE(refusal({own.certificate_file(), folder / "locked.key", ""}).find("without a passphrase") !=
              std::string::npos);
}

TEST(TlsContext, KnowsWhetherItIsPinned) {
  TemporaryFolder folder;
  const Certificate authority(folder, "ca", {.authority = true});
  const Certificate own(folder, "own", {.issuer = &authority});
  EXPECT_TRUE(must(TlsContext::load(own.pinned()))->pinned());
  EXPECT_FALSE(must(TlsContext::load(own.under(authority)))->pinned());
  EXPECT_FALSE(must(TlsContext::load({"", "", authority.certificate_file()}))->pinned());
}

std::string name_in(const std::string& file) {
  std::FILE* opened = std::fopen(file.c_str(), "r");
  X509* certificate = PEM_read_X509(opened, nullptr, nullptr, nullptr);
  std::fclose(opened);
  std::string name = certificate_name(certificate);
  X509_free(certificate);
  return name;
}

TEST(TlsContext, NamesACertificateByItsCommonNameElseByItsFirstDnsName) {
  TemporaryFolder folder;
  EXPECT_EQ(name_in(Certificate(folder, "a", {.common_name = "worker-1", .alternatives = "DNS:x"}).certificate_file()),
            "worker-1");
  EXPECT_EQ(
      name_in(
          Certificate(folder, "b", {.common_name = "", .alternatives = "IP:127.0.0.1,DNS:x,DNS:y"}).certificate_file()),
      "x");
  EXPECT_EQ(name_in(Certificate(folder, "c", {.common_name = ""}).certificate_file()), "");
  const std::string hidden("admin\0.example", 14);
  EXPECT_EQ(name_in(Certificate(folder, "d", {.common_name = hidden}).certificate_file()), "");
}

}  // namespace
}  // namespace daffi::net
