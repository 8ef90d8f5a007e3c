/// @file  SHA-256, by which code is known.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace daffi::base {

using Sha256 = std::array<std::byte, 32>;

/// Threads: any.
Sha256 sha256(std::span<const std::byte> bytes);
/// 64 hexadecimal digits.
std::string hex(const Sha256& hash);

}  // namespace daffi::base
