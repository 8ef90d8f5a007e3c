/// @file  The default registry: callbacks that every Global of this process serves, the ones to come included.
#pragma once

#include <memory>
#include <vector>

#include "daffi/detail/invocation.hpp"

namespace daffi::global_ {

/// A Global, as the registry sees it. Threads: any.
class RegistryClient {
 public:
  virtual ~RegistryClient() = default;
  /// Called in the order of registration, under the registry's lock: runs no code of the user's, so what the entry took
  /// the place of is handed back, to be destroyed under no lock. Failures (it is stopping) are its own affair.
  virtual std::shared_ptr<const void> adopt(std::uint64_t entry, const detail::CallbackSpec& spec) = 0;
  /// Waits until running calls have ended.
  virtual void abandon(std::uint64_t entry) = 0;
};

/// Tells `client` of every entry there is, and of later ones, until it is gone.
void join_default_registry(const std::shared_ptr<RegistryClient>& client);
void leave_default_registry(const RegistryClient* client);

}  // namespace daffi::global_
