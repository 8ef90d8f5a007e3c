/// @file  LoadedModule: from bytes to a memory file, through the loader, and over the C boundary.
#include "rpc/loaded_module.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

#include "net/descriptor.hpp"
#include "rpc/system_callbacks.hpp"

namespace daffi::rpc {
namespace {

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

base::Failure system_failure(const std::string& what) {
  return base::fail(ErrorCode::system, what + ": " + std::strerror(errno));
}

// Newer kernels want to be told that it will be executed, older ones do not know the flag.
net::Descriptor make_memory_file(const std::string& name) {
  const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  net::Descriptor file(::memfd_create(name.c_str(), flags | MFD_EXEC));
  if (file.get() < 0 && errno == EINVAL) file = net::Descriptor(::memfd_create(name.c_str(), flags));
  return file;
}

base::Result<net::Descriptor> sealed_copy(base::Bytes bytes, const std::string& name) {
  net::Descriptor file = make_memory_file(name);
  if (file.get() < 0) return system_failure("a memory file for a module");
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return system_failure("writing a module into memory");
    bytes = bytes.subspan(static_cast<std::size_t>(wrote));
  }
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return system_failure("sealing a module");
  return file;
}

base::Failure loader_failure() {
  const char* text = ::dlerror();
  return base::fail(ErrorCode::unusable_code,
                    std::string("the module cannot be loaded: ") + (text != nullptr ? text : "no reason given"));
}

std::string text_of(daffi_bytes bytes) { return {static_cast<const char*>(bytes.data), bytes.size}; }
daffi_bytes bytes_of(base::Bytes bytes) { return {bytes.data(), bytes.size()}; }

// One question to a module, and its answer. The module calls the two functions, which therefore let nothing out.
class Exchange {
 public:
  explicit Exchange(std::function<void(base::Bytes)> take) : take_(std::move(take)) {}

  daffi_module_answer answer() {
    return {this,
            [](void* host, daffi_bytes value) noexcept {
              static_cast<Exchange*>(host)->settle([&](Exchange& self) {
                self.take_({static_cast<const std::byte*>(value.data), value.size});
              });
            },
            [](void* host, std::uint32_t kind, daffi_bytes type, daffi_bytes text) noexcept {
              static_cast<Exchange*>(host)->settle([&](Exchange& self) {
                self.kind_ = kind;
                self.account_.type = text_of(type);
                self.account_.message = text_of(text);
              });
            }};
  }
  bool answered() const { return answered_; }
  /// Nothing: there is a result.
  const std::optional<std::uint32_t>& kind() const { return kind_; }
  RemoteException& account() { return account_; }

 private:
  template <typename Use>
  void settle(Use use) noexcept {
    try {
      if (!std::exchange(answered_, true)) use(*this);
    } catch (const std::exception& error) {
      kind_ = DAFFI_MODULE_UNENCODABLE;
      account_.message = error.what();
    }
  }

  const std::function<void(base::Bytes)> take_;
  bool answered_ = false;
  std::optional<std::uint32_t> kind_;
  RemoteException account_;
};

// The caller's loss of interest, handed on.
struct Watch {
  std::stop_token token;
  std::optional<std::stop_callback<std::function<void()>>> watching;

  static void set(void* host, void (*stop)(void*), void* what) noexcept {
    auto& self = *static_cast<Watch*>(host);
    self.watching.reset();
    if (stop != nullptr) self.watching.emplace(self.token, [stop, what] { stop(what); });
  }
};

[[noreturn]] void refuse(Exchange& exchange, std::string_view function) {
  if (exchange.kind() == DAFFI_MODULE_UNENCODABLE) {
    throw SystemRefusal{
        base::fail(ErrorCode::unencodable_result,
                   "the result of '" + std::string(function) + "' cannot be encoded: " + exchange.account().message)};
  }
  base::Failure failure = base::fail(ErrorCode::remote_error, exchange.account().message);
  exchange.account().language = "c++";
  failure.remote = std::make_shared<const RemoteException>(std::move(exchange.account()));
  throw SystemRefusal{std::move(failure)};
}

}  // namespace

base::Result<std::unique_ptr<LoadedModule>> LoadedModule::load(base::Bytes bytes, const std::string& name) {
  auto file = sealed_copy(bytes, name);
  if (!file.ok()) return std::move(file).failure();
  const std::string path = "/proc/self/fd/" + std::to_string(file->get());
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return loader_failure();
  // Not closed any more, not even with this object: whatever got its number next would be taken for this module.
  (void)file->release();
  const auto* table = static_cast<const daffi_module_table*>(::dlsym(handle, "daffi_module"));
  return std::unique_ptr<LoadedModule>(new LoadedModule(table));
}

base::Result<void> LoadedModule::describe() {
  if (table_ == nullptr || table_->abi != DAFFI_MODULE_ABI || table_->describe == nullptr || table_->invoke == nullptr)
    return base::fail(ErrorCode::unusable_code, "the module's table is not what its note says");
  std::vector<std::byte> listed;
  Exchange exchange([&](base::Bytes bytes) { listed.assign(bytes.begin(), bytes.end()); });
  const auto answer = exchange.answer();
  table_->describe(&answer);
  if (!exchange.answered() || exchange.kind())
    return base::fail(ErrorCode::unusable_code, "the module cannot say what it exports: " + exchange.account().message);
  Reader reader(listed);
  std::size_t count = 0;
  bool fine = reader.read_array(count);
  for (std::size_t i = 0; fine && i < count; ++i) {
    std::size_t parts = 0;
    Function& function = functions_.emplace_back();
    fine = reader.read_array(parts) && parts == 2 && Codec<std::string>::read(reader, function.name) &&
           Codec<Signature>::read(reader, function.signature);
  }
  if (!fine || !reader.expect_end())
    return base::fail(ErrorCode::unusable_code, "the module's list of functions cannot be read: " + reader.error());
  return {};
}

std::size_t LoadedModule::find(std::string_view name) const {
  const auto at = std::ranges::find(functions_, name, &Function::name);
  if (at != functions_.end()) return static_cast<std::size_t>(at - functions_.begin());
  std::string text = "the module has no function '" + std::string(name) + "'";
  const char* before = "; it has: ";
  for (const Function& function : functions_)
    text += std::exchange(before, ", ") + function.signature.text(function.name);
  throw SystemRefusal{base::fail(ErrorCode::unusable_code, std::move(text))};
}

void LoadedModule::run(std::string_view function, base::Bytes arguments, detail::Invocation& invocation) const {
  const std::size_t index = find(function);
  const CallContext& context = invocation.context();
  const auto remaining = context.remaining();
  Watch watch{context.stop_token(), {}};
  Exchange exchange([&](base::Bytes value) { invocation.result().raw(value); });
  const daffi_module_call call{index,
                               bytes_of(arguments),
                               {context.caller().data(), context.caller().size()},
                               remaining ? static_cast<std::int64_t>(remaining->count()) : -1,
                               &watch,
                               &Watch::set};
  const auto answer = exchange.answer();
  table_->invoke(&call, &answer);
  watch.watching.reset();
  if (exchange.kind() == DAFFI_MODULE_ARGUMENTS) return invocation.reject_arguments(exchange.account().message);
  if (exchange.kind()) refuse(exchange, function);
  if (!exchange.answered())
    throw SystemRefusal{base::fail(ErrorCode::unencodable_result, "'" + std::string(function) + "' gave no answer")};
}

}  // namespace daffi::rpc
