/// @file  Holder: one process that holds a callback, as a call needs to know it.
#pragma once

#include <cstdint>
#include <memory>

#include "daffi/signature.hpp"

namespace daffi::node {

/// The controller's number of a member; never used twice within one epoch of the controller.
using MemberId = std::uint32_t;

/// Value.
struct Holder {
  MemberId member = 0;
  std::uint32_t callback_id = 0;
  bool suspended = false;                      ///< its connection is lost, it may still come back
  bool draining = false;                       ///< takes no new calls
  std::shared_ptr<const Signature> signature;  ///< nullptr: not known, nothing can be checked
  bool python = false;                         ///< it runs Python
  std::uint64_t name_hash = 0;                 ///< of the process name: the same after that process was restarted
};

}  // namespace daffi::node
