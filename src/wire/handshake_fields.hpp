/// @file  The layout of an identity, which stands in handshake and directory alike. Only for the .cpp files of wire.
#pragma once

#include "wire/byte_io.hpp"
#include "wire/handshake_messages.hpp"
#include "wire/limits.hpp"

namespace daffi::wire {

template <typename IO>
void fields(IO& io, Is<Identity> auto& m) {
  io.number(m.kind);
  io.check(m.kind <= Identity::Kind::certificate, "unknown kind of identity");
  io.number(m.uid);
  io.text(m.text, kMaxIdentityText);
}

}  // namespace daffi::wire
