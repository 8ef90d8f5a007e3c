/// @file  Random bytes nobody can guess, from the operating system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace daffi::base {

/// Fills `out` with bytes fit for nonces and keys. Ends the process if the system has none to give, which does not
/// happen on a system that has finished booting. Threads: any.
void random_bytes(MutableBytes out);

std::uint64_t random_u64();

/// `digits` random lower-case hexadecimal digits. Threads: any.
std::string random_hex(std::size_t digits);

}  // namespace daffi::base
