/// @file  ModuleTable: the modules of this process, by the hash of their bytes.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/annotations.hpp"
#include "rpc/code_runner.hpp"
#include "rpc/loaded_module.hpp"

namespace daffi::rpc {

/// Runs code of the kind "elf". Modules are never unloaded, so their number and size are bounded, and those that are
/// there are shared by all that run in this process. Threads: any. Lock order: its mutex is a leaf; nothing of a module
/// runs under it.
class ModuleTable final : public CodeRunner {
 public:
  struct Limits {
    std::size_t modules = 256;
    std::size_t bytes = std::size_t{512} << 20;  ///< of all, files and memory together
  };
  explicit ModuleTable(Limits limits) : limits_(limits) {}
  /// The one of this process.
  static ModuleTable& of_process();

  std::string what() const override;
  void run(const CodeCall& call, detail::Invocation& invocation) override;

  struct Stats {
    std::size_t modules = 0, bytes = 0;
  };
  Stats stats() const;

 private:
  // From the first that brings the code until the process ends, unless the loader refuses it.
  struct Entry {
    bool settled = false;  // else some thread is loading it
    std::unique_ptr<LoadedModule> module;
    std::optional<base::Failure> failure;  // loaded, but of no use
  };

  LoadedModule& obtain(const CodeCall& call);
  LoadedModule& load(const base::Sha256& hash, base::Bytes code);
  base::Result<std::size_t> reserve(const base::Sha256& hash, base::Bytes code);
  void settle(const base::Sha256& hash, Entry entry);
  void forget(const base::Sha256& hash, std::size_t reserved);

  const Limits limits_;
  mutable base::Mutex mutex_;
  base::ConditionVariable settled_;
  std::map<base::Sha256, Entry> modules_ DAFFI_GUARDED_BY(mutex_);  // entries stay where they are
  std::size_t bytes_ DAFFI_GUARDED_BY(mutex_) = 0;
};

}  // namespace daffi::rpc
