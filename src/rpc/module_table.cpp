/// @file  ModuleTable: each module loaded once, by whoever brings it first.
#include "rpc/module_table.hpp"

#include <utility>

#include "base/log.hpp"
#include "rpc/elf_check.hpp"

namespace daffi::rpc {
namespace {

[[noreturn]] void refuse(base::Failure failure) { throw SystemRefusal{std::move(failure)}; }

}  // namespace

ModuleTable& ModuleTable::of_process() {
  // Not destroyed: at the end of the process modules may still run.
  static auto* const table = new ModuleTable(Limits{});
  return *table;
}

std::string ModuleTable::what() const { return runnable_elf_text(); }

void ModuleTable::run(const CodeCall& call, detail::Invocation& invocation) {
  obtain(call).run(call.function, call.arguments, invocation);
}

LoadedModule& ModuleTable::obtain(const CodeCall& call) {
  {
    base::Lock lock(mutex_);
    auto at = modules_.find(call.hash);
    while (at != modules_.end() && !at->second.settled) {
      settled_.wait(lock);
      at = modules_.find(call.hash);
    }
    if (at != modules_.end()) {
      if (at->second.failure) refuse(*at->second.failure);
      return *at->second.module;
    }
  }
  if (!call.code)
    refuse(base::fail(ErrorCode::code_missing, "this process does not have the module " + base::hex(call.hash)));
  return load(call.hash, *call.code);
}

LoadedModule& ModuleTable::load(const base::Sha256& hash, base::Bytes code) {
  if (base::sha256(code) != hash)
    refuse(base::fail(ErrorCode::unusable_code, "the module is damaged: its bytes do not give its hash"));
  const auto reserved = reserve(hash, code);
  if (!reserved.ok()) refuse(reserved.failure());
  if (*reserved == 0) return obtain({hash, code, {}, {}});  // somebody else was quicker
  const std::string name = "daffi-module-" + base::hex(hash).substr(0, 16);
  auto loaded = LoadedModule::load(code, name);
  if (!loaded.ok()) {
    forget(hash, *reserved);
    refuse(loaded.failure());
  }
  Entry entry{true, std::move(*loaded), {}};
  LoadedModule& module = *entry.module;
  if (auto described = module.describe(); !described.ok()) entry.failure = std::move(described).failure();
  base::log(LogLevel::info, "node", "loaded the module " + base::hex(hash));
  const auto failure = entry.failure;
  settle(hash, std::move(entry));
  if (failure) refuse(*failure);
  return module;
}

// The bytes that are set aside for it; 0: it is here already, or under way.
base::Result<std::size_t> ModuleTable::reserve(const base::Sha256& hash, base::Bytes code) {
  const auto checked = check_elf(code);
  if (!checked.ok()) return checked.failure();
  base::Lock lock(mutex_);
  if (modules_.contains(hash)) return std::size_t{0};
  if (modules_.size() >= limits_.modules)
    return base::fail(ErrorCode::unusable_code, "this process has " + std::to_string(modules_.size()) +
                                                    " modules, which is the limit; they stay until it ends");
  const std::size_t room = limits_.bytes - bytes_;
  if (code.size() > room || checked->memory > room - code.size())
    return base::fail(ErrorCode::unusable_code, "the module takes " + std::to_string(code.size()) + " bytes and " +
                                                    std::to_string(checked->memory) + " of memory, of the " +
                                                    std::to_string(limits_.bytes) + " for all modules of a process " +
                                                    std::to_string(room) + " are left");
  const std::size_t size = code.size() + static_cast<std::size_t>(checked->memory);
  bytes_ += size;
  modules_.emplace(hash, Entry{});
  return size;
}

void ModuleTable::settle(const base::Sha256& hash, Entry entry) {
  base::Lock lock(mutex_);
  modules_[hash] = std::move(entry);
  settled_.notify_all();
}

void ModuleTable::forget(const base::Sha256& hash, std::size_t reserved) {
  base::Lock lock(mutex_);
  modules_.erase(hash);
  bytes_ -= reserved;
  settled_.notify_all();
}

ModuleTable::Stats ModuleTable::stats() const {
  base::Lock lock(mutex_);
  return {modules_.size(), bytes_};
}

}  // namespace daffi::rpc
