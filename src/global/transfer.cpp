/// @file  Code on its way to another process.
#include "daffi/transfer.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/result.hpp"
#include "base/sha256.hpp"
#include "rpc/code_message.hpp"
#include "rpc/system_callbacks.hpp"

namespace daffi::inline v1 {

Code::Code(std::string kind, std::span<const std::byte> bytes)
    : code_(std::make_shared<const detail::CodeBytes>(
          detail::CodeBytes{std::move(kind), base::sha256(bytes), {bytes.begin(), bytes.end()}})) {}

const std::string& Code::kind() const { return code_->kind; }
std::string Code::hash() const { return base::hex(code_->hash); }
std::size_t Code::size() const { return code_->bytes.size(); }

Module Module::from_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.good() && (!file.eof() || bytes.empty()))
    base::throw_failure(base::fail(ErrorCode::initialization, "the module cannot be read: " + path + ": " +
                                                                  (errno != 0 ? std::strerror(errno) : "empty")));
  return from_bytes(base::as_bytes(bytes));
}

Module Module::from_bytes(std::span<const std::byte> bytes) { return {"elf", bytes}; }

PythonSource::PythonSource(std::string_view text) : Code("python", base::as_bytes(text)) {}

namespace detail {

void prepare_transfer(CallSpec& spec, const std::string& process, const Code& code, Writer& call,
                      std::span<const std::byte> arguments) {
  if (!spec.receiver.empty() && spec.receiver != process)
    base::throw_failure(base::fail(ErrorCode::invalid_modifier, "the modifier's receiver is '" + spec.receiver +
                                                                    "', the code is to run in '" + process + "'"));
  spec.receiver = process;
  spec.system = static_cast<std::uint32_t>(rpc::SystemCallback::run_code);
  const CodeBytes& bytes = *code.shared();
  spec.code =
      std::make_shared<const CodeToRun>(CodeToRun{code.shared(), spec.name, {arguments.begin(), arguments.end()}});
  // Whoever wants no result is not asked for the code either.
  std::optional<base::Bytes> whole;
  if (!spec.return_result) whole = bytes.bytes;
  rpc::write_code_message(call, {bytes.kind, bytes.hash, spec.name, arguments, whole});
}

}  // namespace detail
}  // namespace daffi::inline v1
