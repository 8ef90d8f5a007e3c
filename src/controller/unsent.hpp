/// @file  Looking into a queue for the frames that never left.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "wire/header.hpp"
#include "wire/out_queue.hpp"

namespace daffi::controller {

/// A queue of whole frames whose front may be cut: `front_rest` bytes of a frame that has left in part come first.
/// Returns how much of a frame is left in front after `written` more bytes have gone; 0: the cut is between two.
std::size_t rest_after(std::span<const iovec> pieces, std::size_t front_rest, std::size_t written);

/// A frame in a queue, copied out of it. Value.
struct UnsentFrame {
  wire::Header header;
  base::Slice payload;
};

/// All calls that are still whole in the queue, in order. One that has left in part is not among them: it is treated
/// as if it might have arrived.
std::vector<UnsentFrame> unsent_calls(const wire::OutQueue& queue, std::size_t front_rest);

}  // namespace daffi::controller
