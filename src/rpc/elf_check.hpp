/// @file  What can be said about a module without running any of it.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace daffi::rpc {

/// A module as its headers describe it. Value.
struct ElfModule {
  std::uint64_t memory = 0;  ///< bytes it takes once it is loaded
};

/// Looks at the headers of what claims to be a module: an ELF shared object for this machine and of our ABI, with all
/// that they point to inside the bytes. The bytes may say anything; what passes may still fail to load. Takes time in
/// proportion to the headers. Failure: unusable_code, saying what it is and what would be right. Threads: any.
base::Result<ElfModule> check_elf(base::Bytes file);

/// "ELF shared objects for x86-64, 64 bit, little-endian, module ABI 1".
std::string runnable_elf_text();

}  // namespace daffi::rpc
