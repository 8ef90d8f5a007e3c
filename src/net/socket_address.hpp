/// @file  SocketAddress: where a socket binds or connects, and how names become addresses.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"

namespace daffi::net {

/// Value.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
};

/// The address of a UNIX socket. Failure: initialization, when the path is longer than the system allows.
base::Result<SocketAddress> unix_address(const std::string& path);

/// What needs no asking: a numeric host's address; for "localhost" and "" the loopback addresses of IPv4 and IPv6, in
/// this order. Empty for a name.
std::vector<SocketAddress> known_addresses(const std::string& host, std::uint16_t port);

/// The addresses of any host. Blocks while a name is looked up. Failure: no_controller, naming the host. Threads: any.
base::Result<std::vector<SocketAddress>> look_up(const std::string& host, std::uint16_t port);

using Addresses = base::Result<std::vector<SocketAddress>>;

/// look_up() on a thread of its own; `done` is called on the loop's thread, never before this returned, unless the
/// returned token has gone by then. The token must not outlive the loop. Strand: the loop's thread.
std::shared_ptr<void> look_up_on_thread(Loop& loop, const std::string& host, std::uint16_t port,
                                        std::function<void(Addresses)> done);

/// The peer's address without its port; empty where connections do not come from addresses (UNIX sockets, memory).
/// Threads: any.
std::string host_of(const PeerInfo& peer);

}  // namespace daffi::net
