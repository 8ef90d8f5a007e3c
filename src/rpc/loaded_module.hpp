/// @file  A module in memory: loaded once, called by many, never unloaded.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "daffi/detail/invocation.hpp"
#include "daffi/detail/module_boundary.hpp"
#include "daffi/signature.hpp"

namespace daffi::rpc {

/// The module itself stays as long as the process, whatever becomes of this object: its code may be on any stack.
/// Threads: any.
class LoadedModule {
 public:
  /// Loads from a sealed memory file of its own, which stays open: the loader takes two files of one name, or one
  /// descriptor used twice, for the same module. Runs the module's constructors, which must not throw. `name` shows in
  /// a debugger. Blocks.
  /// Failure: unusable_code, in the loader's words; system.
  static base::Result<std::unique_ptr<LoadedModule>> load(base::Bytes file, const std::string& name);

  /// Asks the module what it exports; until then it has no functions. Failure: unusable_code. Runs the module's code.
  /// Threads: one, before any other.
  base::Result<void> describe();

  /// Runs a function as a callback would be: `arguments` are those of a call, the result goes into the invocation,
  /// whose context the function gets. Throws SystemRefusal: unusable_code (no such function; it names those that there
  /// are), remote_error (what the function threw), unencodable_result.
  void run(std::string_view function, base::Bytes arguments, detail::Invocation& invocation) const;

 private:
  struct Function {
    std::string name;
    Signature signature;
  };
  explicit LoadedModule(const daffi_module_table* table) : table_(table) {}
  std::size_t find(std::string_view function) const;

  const daffi_module_table* const table_;  // nullptr: it has none
  std::vector<Function> functions_;
};

}  // namespace daffi::rpc
