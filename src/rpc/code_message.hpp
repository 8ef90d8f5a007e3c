/// @file  The arguments of run_code: which code, which of its functions, and what that is given.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "daffi/reader.hpp"
#include "daffi/writer.hpp"

namespace daffi::rpc {

/// A view of bytes that outlive it. Value.
struct CodeMessage {
  std::string_view kind;            ///< who can run it: "elf", "python", …
  base::Sha256 hash;                ///< of the code
  std::string_view function;        ///< the name of the one to run
  base::Bytes arguments;            ///< as a call carries them: a list and a map
  std::optional<base::Bytes> code;  ///< nothing: only its hash travels
};

void write_code_message(Writer& writer, const CodeMessage& message);
/// Failure: malformed.
base::Result<CodeMessage> read_code_message(Reader& reader);

}  // namespace daffi::rpc
