/// @file  Sending and receiving at the same time over a blocking socket: more than the sockets on the way hold must not
/// be written before anything is read.
#pragma once

#include <poll.h>

#include <deque>
#include <vector>

#include "floor_socket.hpp"

namespace bench {

/// Threads: one.
class FloorDuplex {
 public:
  explicit FloorDuplex(int socket) : socket_{socket}, buffer_(floor_buffer_size) {}

  /// Sent by the next turns, behind what was queued before; refers to the bytes. `first`: before what waits.
  void queue(std::span<const std::byte> bytes, bool first = false) {
    // Nothing goes into the middle of a frame that has begun.
    const bool begun = !out_.empty() && front_begun_;
    if (first) {
      out_.insert(out_.begin() + (begun ? 1 : 0), bytes);
    } else {
      out_.push_back(bytes);
    }
  }

  /// Waits until something can be done, does it, and calls `visit` as for_each_frame() does.
  template <typename Visit>
  void turn(Visit&& visit) {
    pollfd ready{socket_, static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    if (::poll(&ready, 1, -1) < 0 && errno != EINTR) fail_errno("poll");
    if ((ready.revents & POLLOUT) != 0) send_some();
    if ((ready.revents & (POLLIN | POLLHUP)) == 0) return;
    const std::size_t received = receive_some(socket_, std::span{buffer_}.subspan(have_));
    if (received == 0) fail("the relay closed the connection");
    have_ += received;
    const std::size_t done = for_each_frame(std::span{buffer_}.first(have_), visit);
    have_ -= done;
    if (have_ != 0) std::memmove(buffer_.data(), buffer_.data() + done, have_);
  }

 private:
  void send_some() {
    while (!out_.empty()) {
      std::span<const std::byte>& front = out_.front();
      const ssize_t sent = ::send(socket_, front.data(), front.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (sent < 0) fail_errno("send");
      front_begun_ = static_cast<std::size_t>(sent) < front.size();
      if (front_begun_) {
        front = front.subspan(static_cast<std::size_t>(sent));
        return;
      }
      out_.pop_front();
    }
  }

  int socket_;
  std::deque<std::span<const std::byte>> out_;
  bool front_begun_ = false;
  std::vector<std::byte> buffer_;
  std::size_t have_ = 0;
};

}  // namespace bench
