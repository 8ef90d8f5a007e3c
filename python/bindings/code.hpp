/// @file  Python code that other processes send: functions that were dumped, and source.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daffi/transfer.hpp"
#include "home.hpp"

namespace daffi::rpc {
class CodeRunner;
}

namespace daffi::python {

/// A function as daffi._transfer.dump() made it: for Python processes.
class DumpedFunction : public Code {
 public:
  static constexpr const char* kKind = "python-function";
  explicit DumpedFunction(std::span<const std::byte> dumped) : Code(kKind, dumped) {}
};

/// What runs code in the process of that Global, by kind.
std::vector<std::pair<std::string, std::shared_ptr<rpc::CodeRunner>>> code_runners(const std::shared_ptr<Home>& home);

/// Adds set_code_functions to the module.
void bind_code(nanobind::module_& module);

}  // namespace daffi::python
