/// @file  The layout of an identity, which stands in handshake and directory alike. Only for the .cpp files of wire.
#pragma once

#include <type_traits>

#include "wire/byte_io.hpp"
#include "wire/handshake_messages.hpp"
#include "wire/limits.hpp"

namespace daffi::wire {

inline constexpr unsigned kOverTls = 0x80;

template <typename IO>
void fields(IO& io, Is<Identity> auto& m) {
  // The highest bit of the kind says that there was a certificate as well.
  auto kind = static_cast<std::uint8_t>(static_cast<unsigned>(m.kind) | (m.over_tls ? kOverTls : 0u));
  io.number(kind);
  if constexpr (!std::is_const_v<std::remove_reference_t<decltype(m)>>) {
    m.kind = static_cast<Identity::Kind>(kind & ~kOverTls);
    m.over_tls = (kind & kOverTls) != 0;
  }
  io.check(m.kind <= Identity::Kind::certificate, "unknown kind of identity");
  io.number(m.uid);
  io.text(m.text, kMaxIdentityText);
  io.text(m.certificate, kMaxIdentityText);
  io.text(m.role, kMaxIdentityText);
}

}  // namespace daffi::wire
