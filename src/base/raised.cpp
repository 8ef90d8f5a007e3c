/// @file  Types and texts of exceptions.
#include "base/raised.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>

#include "base/error_table.hpp"

namespace daffi::base {
namespace {

std::string demangled(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 ? name.get() : type.name();
}

}  // namespace

RemoteException describe_raised(const std::exception_ptr& raised) {
  RemoteException account;
  try {
    std::rethrow_exception(raised);
  } catch (const Error& e) {
    account.type = "daffi::" + std::string(error_row(e.code()).class_name);
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
  return account;
}

}  // namespace daffi::base
