/// @file  Announcing callbacks: what fits into a frame, and cutting into frames what does not.
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.hpp"
#include "wire/messages.hpp"

namespace daffi::session {

/// A callback's encoded descriptor may not be larger, so that one always fits into a frame with its surroundings.
inline constexpr std::size_t kMaxDescriptorSize = 64 * 1024;
/// The largest hello and proof; a proof that has more to register goes on in register frames.
inline constexpr std::size_t kMaxHandshakePayload = 16 * 1024;
/// All that one member may have registered at a time, encoded, documentation not counted.
inline constexpr std::size_t kMaxRegisteredSize = 4 * 1024 * 1024;
/// Documentation kept for one member; texts beyond it are dropped.
inline constexpr std::size_t kMaxDocumentationSize = 1024 * 1024;

/// Whether a controller would take it. Failure: too_large, naming the callback.
base::Result<void> check_registration(const wire::Registration& registration);

/// Cuts an announcement into pieces that each fit into one frame, the first of them into `first_limit` bytes (it may
/// come out empty); all but the last say kMore, so that others see the whole at once. Never empty.
std::vector<wire::Register> split_register(wire::Register all, std::size_t first_limit);

/// Queues an announcement as the register frames it takes. `header` gives epoch.
void append_register(wire::OutQueue& out, wire::Header header, wire::Register all);

}  // namespace daffi::session
