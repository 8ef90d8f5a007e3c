/// @file  Maker: Globals for other languages, which keep their callbacks in a registry of their own, and for
/// benchmarks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daffi/detail/invocation.hpp"
#include "daffi/global.hpp"

namespace daffi::rpc {
class CodeRunner;
}

namespace daffi::global_ {

class Environment;
struct Plan;

/// What a language's package says beyond the options. Value.
struct Setup {
  std::string language = "c++";
  std::vector<detail::CallbackSpec> callbacks;  ///< there from the first moment on, instead of the default registry's
  std::vector<std::pair<std::string, std::shared_ptr<rpc::CodeRunner>>> code_runners;  ///< by kind
};

class Maker {
 public:
  /// As Global's constructor. Blocks; throws the same.
  static std::unique_ptr<Global> make(const GlobalOptions& options, Setup setup);
  /// The same in surroundings of one's own.
  static std::unique_ptr<Global> make(std::unique_ptr<Environment> environment, Plan plan);
};

}  // namespace daffi::global_
