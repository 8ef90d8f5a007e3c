/// @file  Code that travels: modules and Python source, which Global::transfer_and_call runs in another process.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "daffi/args.hpp"
#include "daffi/async_result.hpp"
#include "daffi/detail/core.hpp"
#include "daffi/detail/result.hpp"
#include "daffi/export.hpp"
#include "daffi/modifiers.hpp"

namespace daffi::inline v1 {

/// Code of some kind, known to the processes that have it by its SHA-256, so that it travels to each of them once.
/// Value: cheap to copy, copies share the bytes. Threads: any.
class DAFFI_API Code {
 public:
  /// "elf", "python".
  [[nodiscard]] const std::string& kind() const;
  /// 64 hexadecimal digits.
  [[nodiscard]] std::string hash() const;
  /// In bytes.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] const std::shared_ptr<const detail::CodeBytes>& shared() const { return code_; }

 protected:
  Code(std::string kind, std::span<const std::byte> bytes);

 private:
  std::shared_ptr<const detail::CodeBytes> code_;
};

/// A shared object made with daffi/module.hpp: C++ for C++ processes of the same machine architecture.
class DAFFI_API Module : public Code {
 public:
  /// Reads the file. Throws InitializationError, naming it, when that fails.
  static Module from_file(const std::string& path);
  static Module from_bytes(std::span<const std::byte> bytes);

 private:
  using Code::Code;
};

/// The text of a Python module, for Python processes.
class DAFFI_API PythonSource : public Code {
 public:
  explicit PythonSource(std::string_view text);
};

namespace detail {

/// Makes `spec` one that runs a function of `code` at `process`, and writes that call from the function's own
/// arguments. Throws GlobalContextError (invalid_modifier) when the modifier names another process.
DAFFI_API void prepare_transfer(CallSpec& spec, const std::string& process, const Code& code, Writer& call,
                                std::span<const std::byte> arguments);

template <typename... Ts>
CallSpec write_transfer(Writer& call, CallSpec spec, const std::string& process, const Code& code,
                        const Ts&... arguments) {
  Writer inner;
  encode_arguments(inner, arguments...);
  prepare_transfer(spec, process, code, call, inner.payload());
  return spec;
}

}  // namespace detail
}  // namespace daffi::inline v1
