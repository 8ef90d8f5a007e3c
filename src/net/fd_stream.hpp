/// @file  FdStream: a Stream over a connected tcp or UNIX socket.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <memory>

#include "net/descriptor.hpp"
#include "net/stream.hpp"

namespace daffi::net {

/// Threads: as Stream says; watch() and unwatch() on the loop's thread, not while another thread writes.
class FdStream final : public Stream {
 public:
  /// Takes a connected socket, makes it non-blocking and sets what its kind wants (no delay; large buffers).
  explicit FdStream(Descriptor socket);
  ~FdStream() override;

  IoResult read(base::MutableBytes into) override;
  IoResult write(std::span<const iovec> parts) override;
  bool has_bulk_room() override;
  void close() override;
  base::Result<void> watch(Loop& loop, Watcher& watcher) override;
  void unwatch() override;
  int fd() const override { return socket_.get(); }
  const PeerInfo& peer() const override { return peer_; }

 private:
  void note_write(bool blocked);

  Descriptor socket_;
  PeerInfo peer_;
  std::atomic<bool> closed_{false};
  Loop* loop_ = nullptr;
  /// UNIX sockets only: how many more writes must succeed before the loop no longer reports writability; 0: it does
  /// not.
  unsigned writes_until_unwatched_ = 0;
};

/// "127.0.0.1:40112", "[::1]:40112", "unix".
std::string describe_address(const sockaddr_storage& address);
/// 127.0.0.0/8, ::1, the former mapped into IPv6, and UNIX sockets.
bool is_this_host(const sockaddr_storage& address);

}  // namespace daffi::net
