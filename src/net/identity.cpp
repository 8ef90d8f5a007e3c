/// @file  Proofs over two nonces: HMAC, made and compared.
#include "net/identity.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

namespace daffi::net {

Mac hmac_sha256(base::Bytes key, const std::vector<base::Bytes>& parts) {
  std::vector<std::byte> message;
  for (const base::Bytes part : parts) {
    for (unsigned shift = 0; shift < 32; shift += 8) message.push_back(static_cast<std::byte>(part.size() >> shift));
    message.insert(message.end(), part.begin(), part.end());
  }
  Mac mac;
  // An empty key must still be a valid pointer: a null one means "the key used before".
  const auto* key_data = key.empty() ? reinterpret_cast<const std::byte*>("") : key.data();
  const auto* made = ::HMAC(EVP_sha256(), key_data, static_cast<int>(key.size()),
                            reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                            reinterpret_cast<unsigned char*>(mac.data()), nullptr);
  if (made == nullptr) std::abort();  // only without memory
  return mac;
}

bool same_mac(const Mac& a, base::Bytes b) {
  return b.size() == a.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace daffi::net
