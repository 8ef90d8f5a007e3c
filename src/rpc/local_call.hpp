/// @file  LocalCall: a call of one of this process's callbacks that came over no wire, a scheduled one.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "rpc/system_callbacks.hpp"

namespace daffi::rpc {

/// Value.
struct LocalCall {
  std::string callback;
  std::shared_ptr<const std::vector<std::byte>> arguments;  ///< encoded, as a call carries them
  Caller caller;                                            ///< on whose account it is made
  std::stop_token stop;                                     ///< likewise
  std::shared_ptr<void> busy;                               ///< of Server::busy(), given back when the call has ended
};

/// Told once when a call has ended: by nothing, or by why it failed. Its result is dropped.
using LocalDone = std::function<void(const std::optional<base::Failure>& failure)>;

}  // namespace daffi::rpc
