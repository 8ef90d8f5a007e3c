/// @file  Exceptions of callbacks, turned into failures.
#include "rpc/callback_failure.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>

#include "base/error_table.hpp"
#include "rpc/system_callbacks.hpp"

namespace daffi::rpc {
namespace {

std::string demangled(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 ? name.get() : type.name();
}

}  // namespace

base::Failure callback_failure(const std::exception_ptr& error, const std::string& callback,
                               const std::string& language) {
  RemoteException account;
  account.language = language;
  try {
    std::rethrow_exception(error);
  } catch (const SystemRefusal& refusal) {
    return refusal.failure;
  } catch (const Error& e) {
    if (e.code() == ErrorCode::unencodable || e.code() == ErrorCode::result_too_large) {
      return base::fail(ErrorCode::unencodable_result,
                        "the result of '" + callback + "' cannot be encoded: " + e.message());
    }
    account.type = "daffi::" + std::string(base::error_row(e.code()).class_name);
    account.message = e.message();
    if (e.remote() != nullptr) account.trace = e.remote()->trace;
  } catch (const std::exception& e) {
    account.type = demangled(typeid(e));
    account.message = e.what();
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    account.type = type != nullptr ? demangled(*type) : "unknown";
    account.message = "not a std::exception";
  }
  base::Failure failure = base::fail(ErrorCode::remote_error, account.message);
  failure.remote = std::make_shared<const RemoteException>(std::move(account));
  return failure;
}

}  // namespace daffi::rpc
