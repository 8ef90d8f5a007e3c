/// @file  The plain C boundary between a module and the process that runs it: bytes in, bytes or an error out.
///
/// Nothing that depends on a compiler's version crosses it: no exception, no type of the standard library, no memory
/// that one side allocates and the other frees. A module says which boundary it was built for in an ELF note, which can
/// be read before any of its code runs: owner "daffi", type 1, and DAFFI_MODULE_ABI as four bytes.
#pragma once

#include <cstddef>
#include <cstdint>

// NOLINTBEGIN(readability-identifier-naming): the names of a C interface

/// Changes with everything that stands below.
#define DAFFI_MODULE_ABI 1

extern "C" {

struct daffi_bytes {
  const void* data;
  std::size_t size;
};

/// Why there is no result.
enum daffi_module_failure : std::uint32_t {
  DAFFI_MODULE_RAISED = 0,      ///< the function threw: `type` and `text` say what
  DAFFI_MODULE_ARGUMENTS = 1,   ///< they do not fit the function; it has not run
  DAFFI_MODULE_UNENCODABLE = 2  ///< it ran, and its result cannot be encoded
};

/// Made by the host. The module calls one of the two, once, before it returns; the bytes are copied at once. Neither
/// throws.
struct daffi_module_answer {
  void* host;
  void (*result)(void* host, daffi_bytes value);
  void (*failure)(void* host, std::uint32_t kind, daffi_bytes type, daffi_bytes text);
};

/// Made by the host; lives as long as the call.
struct daffi_module_call {
  std::size_t function;       ///< its place in what describe() listed
  daffi_bytes arguments;      ///< as a call's frame carries them
  daffi_bytes caller;         ///< the calling process's name
  std::int64_t remaining_ns;  ///< what is left of the caller's timeout; negative: it set none
  void* host;
  /// From now on stop(what) is called, on any thread, when the call is no longer wanted: at once if it is so already.
  /// With nullptr: not any more, and it is not running either when this returns. Does not throw.
  void (*watch)(void* host, void (*stop)(void* what), void* what);
};

/// What a module exports, under the name daffi_module. Threads: any, many at once.
struct daffi_module_table {
  std::uint32_t abi;  ///< DAFFI_MODULE_ABI
  /// Answers with the list of functions: for each a list of its name and its signature (spec/values.md).
  void (*describe)(const daffi_module_answer* answer);
  void (*invoke)(const daffi_module_call* call, const daffi_module_answer* answer);
};

/// The ELF note, as it stands in the section .note.daffi.
struct daffi_module_note {
  std::uint32_t name_size, value_size, type;
  char name[8];
  std::uint32_t abi;
};
}

// NOLINTEND(readability-identifier-naming)
