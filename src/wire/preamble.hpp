/// @file  The first bytes of a connection, by which one port tells its protocols apart.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"

namespace daffi::wire {

/// Peers of different major versions do not understand each other; minor versions and features are negotiated.
inline constexpr std::uint8_t kWireMajor = 1;
inline constexpr std::uint16_t kWireMinor = 0;

inline constexpr std::size_t kPreambleSize = 8;

/// "DAFFI", the major version, two zero bytes. A node sends it before its hello; a controller sends none, its first
/// bytes are a frame. That frame is a close with reason `unsupported` when it does not speak the version.
std::array<std::byte, kPreambleSize> encode_preamble(std::uint8_t major = kWireMajor);

/// The major version of a whole preamble, 0 when it is none. Threads: any.
std::uint8_t decode_preamble(std::span<const std::byte, kPreambleSize> bytes);

/// What a connection speaks. Value.
enum class Protocol : std::uint8_t { native, tls, http, need_more, unknown };

/// Judges the first bytes of a connection; `need_more` as long as they could still become several of the others, and
/// at most for kPreambleSize bytes. `native` needs the whole preamble, of whatever major version. Threads: any.
Protocol classify(base::Bytes first);

}  // namespace daffi::wire
