/// @file  What the directory is told about this process's callbacks.
#pragma once

#include "rpc/callbacks.hpp"
#include "wire/descriptor.hpp"

namespace daffi::node {

wire::Registration to_registration(const rpc::CallbackEntry& entry, const std::string& language);

/// Splits what does not fit into one frame; never empty, and all but the last say that more follows.
std::vector<wire::Register> to_frames(wire::Register all);

}  // namespace daffi::node
