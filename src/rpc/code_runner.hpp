/// @file  CodeRunner: what runs one kind of code that others send.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/sha256.hpp"
#include "rpc/system_callbacks.hpp"

namespace daffi::rpc {

/// A function of some code, to be run. The views live as long as the invocation. Value.
struct CodeCall {
  base::Sha256 hash;                ///< of the code, and its name from then on
  std::optional<base::Bytes> code;  ///< nothing: the callee may know it; checked against `hash`
  std::string_view function;
  base::Bytes arguments;  ///< as a call's frame carries them
};

/// One kind: "elf", "python", … Threads: any.
class CodeRunner {
 public:
  virtual ~CodeRunner() = default;
  /// What it runs, to follow "it can run": "ELF shared objects for …", "Python 3.11".
  virtual std::string what() const = 0;
  /// Runs on a handler thread, like a callback: the result goes into the invocation, or it is deferred. Throws
  /// SystemRefusal: code_missing when the code is neither here nor in the call, unusable_code, and what the function
  /// ended with. The caller was found to be permitted.
  virtual void run(const CodeCall& call, detail::Invocation& invocation) = 0;
};

}  // namespace daffi::rpc
