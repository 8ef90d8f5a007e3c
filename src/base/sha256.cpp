/// @file  SHA-256 by OpenSSL.
#include "base/sha256.hpp"

#include <openssl/evp.h>

#include <cstdlib>

namespace daffi::base {

Sha256 sha256(std::span<const std::byte> bytes) {
  Sha256 hash;
  unsigned size = 0;
  auto* out = reinterpret_cast<unsigned char*>(hash.data());
  if (EVP_Digest(bytes.data(), bytes.size(), out, &size, EVP_sha256(), nullptr) != 1 || size != hash.size())
    std::abort();  // only without memory
  return hash;
}

std::string hex(const Sha256& hash) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : hash) {
    text += digits[static_cast<unsigned>(byte) >> 4];
    text += digits[static_cast<unsigned>(byte) & 15];
  }
  return text;
}

}  // namespace daffi::base
