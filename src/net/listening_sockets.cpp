/// @file  Sockets that listen: socket, bind, listen, and words for what goes wrong.
#include "net/listening_sockets.hpp"

#include <netinet/in.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "net/socket_address.hpp"

namespace daffi::net {
namespace {

base::Failure listen_failure(const Endpoint& endpoint, int error) {
  if (error == EADDRINUSE) {
    return base::fail(ErrorCode::initialization, endpoint.to_string() + " is taken by another process");
  }
  if (error == EACCES || error == EPERM) {
    return base::fail(ErrorCode::initialization, "not permitted to listen at " + endpoint.to_string());
  }
  return base::fail(ErrorCode::initialization,
                    "cannot listen at " + endpoint.to_string() + ": " + std::generic_category().message(error));
}

// The socket, or none with errno set.
Descriptor open_one(const SocketAddress& address, bool only_v6) {
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return {};
  const int on = 1;
  if (address.family() != AF_UNIX) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (only_v6 && address.family() == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(socket.get(), address.get(), address.length) != 0 || ::listen(socket.get(), SOMAXCONN) != 0) {
    const int error = errno;
    socket.reset();
    errno = error;
  }
  return socket;
}

std::uint16_t bound_port(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
  return address.port();
}

// IPv6 may be switched off, or an address be of another machine: no reason to fail while another address is left.
bool is_missing_address(int error) {
  return error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == EPROTONOSUPPORT;
}

// Opens all addresses at one port; `error` is 0, or why it did not work. With port 0 the first one chooses.
std::vector<Descriptor> open_all(std::vector<SocketAddress> addresses, std::uint16_t& port, int& error) {
  std::vector<Descriptor> sockets;
  error = 0;
  int missing = 0;
  for (SocketAddress& address : addresses) {
    address.set_port(port);
    Descriptor socket = open_one(address, addresses.size() > 1);
    if (!socket && is_missing_address(errno)) {
      missing = errno;
      continue;
    }
    if (!socket) {
      error = errno;
      return {};
    }
    port = bound_port(socket.get());
    sockets.push_back(std::move(socket));
  }
  if (sockets.empty()) error = missing;
  return sockets;
}

base::Result<std::vector<Descriptor>> open_tcp(Endpoint& endpoint) {
  const auto addresses = look_up(endpoint.host, endpoint.port);
  if (!addresses) return base::fail(ErrorCode::initialization, addresses.failure().message);
  int error = 0;
  // A port that is free at one address may be taken at the next: then another free one is tried.
  for (int attempt = 0; attempt < (endpoint.port == 0 ? 32 : 1); ++attempt) {
    std::uint16_t port = endpoint.port;
    auto sockets = open_all(*addresses, port, error);
    if (error == 0) {
      endpoint.port = port;
      return sockets;
    }
    if (error != EADDRINUSE) break;
  }
  return listen_failure(endpoint, error);
}

base::Result<std::vector<Descriptor>> open_unix(const Endpoint& endpoint) {
  const std::string path = endpoint.socket_path();
  const auto address = unix_address(path);
  if (!address) return address.failure();
  Descriptor socket = open_one(*address, false);
  // Until here the folder, which is private, has kept others out.
  if (!socket || ::chmod(path.c_str(), 0600) != 0) return listen_failure(endpoint, errno);
  std::vector<Descriptor> sockets;
  sockets.push_back(std::move(socket));
  return sockets;
}

}  // namespace

base::Result<std::vector<Descriptor>> open_listening_sockets(Endpoint& endpoint) {
  return endpoint.kind == Endpoint::Kind::tcp ? open_tcp(endpoint) : open_unix(endpoint);
}

}  // namespace daffi::net
