/// @file  What a process can prove about itself on this host: its user's cookie; and the proofs over two nonces.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace daffi::net {

using Mac = std::array<std::byte, 32>;

/// HMAC-SHA-256 of the parts under `key`, each part preceded by its length in four bytes, little-endian. Threads: any.
Mac hmac_sha256(base::Bytes key, const std::vector<base::Bytes>& parts);
/// Compares in constant time.
bool same_mac(const Mac& a, base::Bytes b);

/// The per-user cookie: 32 random bytes in a file (0600), made at first use; safe against two processes making it at
/// once. The file is what DAFFI_COOKIE_FILE names, else daffi/cookie in the user's runtime folder (XDG_RUNTIME_DIR),
/// else in the configuration folder (XDG_CONFIG_HOME, ~/.config). Blocks on the disk for a moment. Failure: system,
/// naming the file, when it is not ours, readable by others, or damaged. Threads: any.
base::Result<std::vector<std::byte>> user_cookie();
/// The same as the file "cookie" in a given folder, for tests.
base::Result<std::vector<std::byte>> user_cookie_in(const std::string& folder);

/// Makes `path` (and missing parents) a folder of our own, 0700. Failure: initialization, naming it, when it exists
/// and belongs to another user or others may write to it.
base::Result<void> make_private_folder(const std::string& path);

}  // namespace daffi::net
