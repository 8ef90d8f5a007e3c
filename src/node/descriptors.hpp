/// @file  What the wire says of a callback, as callers see it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daffi/signature.hpp"
#include "wire/descriptor.hpp"

namespace daffi::node {

/// What the directory keeps of a descriptor; shared by all callbacks that have it. Immutable.
struct Description {
  std::uint32_t id = 0;
  Signature signature;
  std::vector<std::string> callers;  ///< who may call; empty: every member
  bool checkable = true;             ///< false: the signature is for people only

  /// The signature for checks before sending; nullptr when nothing can be checked.
  static std::shared_ptr<const Signature> for_checks(const std::shared_ptr<const Description>& description) {
    if (!description || !description->checkable) return nullptr;
    return {description, &description->signature};
  }
};

/// Threads: any.
Description to_description(const wire::Descriptor& descriptor);

}  // namespace daffi::node
