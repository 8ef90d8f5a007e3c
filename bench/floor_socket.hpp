/// @file  Blocking stream sockets for the floor: listen, connect, and whole writes, each dying loudly on an error.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <span>

#include "floor_frame.hpp"
#include "program.hpp"

namespace bench {

/// The floor's socket in the folder of the options.
inline sockaddr_un unix_address(const std::string& folder) {
  const std::string path = folder + "/floor.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail("the socket path is too long: " + path);
  path.copy(address.sun_path, path.size());
  return address;
}

inline sockaddr_in loopback_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Without it small writes wait for acknowledgements.
inline void set_no_delay(int socket, const Options& options) {
  const int on = 1;
  if (options.port && ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail_errno("TCP_NODELAY");
}

template <typename Address>
int bound_listener(int family, const Address& address) {
  const int listener = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) fail_errno("socket");
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail_errno("bind");
  if (::listen(listener, 1024) != 0) fail_errno("listen");
  return listener;
}

inline int listen_on(const Options& options) {
  if (options.port) return bound_listener(AF_INET, loopback_address(*options.port));
  return bound_listener(AF_UNIX, unix_address(options.unix_path));
}

/// The port a listener was given, 0 for a UNIX socket.
inline unsigned port_of(int listener, const Options& options) {
  if (!options.port) return 0;
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail_errno("getsockname");
  return ntohs(address.sin_port);
}

template <typename Address>
int connected_socket(int family, const Address& address) {
  const int socket = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail_errno("socket");
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail_errno("connect");
  return socket;
}

inline void send_all(int socket, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) fail_errno("send");
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

/// Waits for bytes and takes at most `limit` of them; 0 when the other side is gone.
///
/// A limit of a part of what is under way keeps several batches in flight, so that the three processes work at the
/// same time; reading all there is lets the batches merge into one, which is then handed from process to process.
inline std::size_t receive_some(int socket, std::span<std::byte> room, std::size_t limit = SIZE_MAX) {
  for (;;) {
    const ssize_t received = ::recv(socket, room.data(), std::min(room.size(), limit), 0);
    if (received >= 0) return static_cast<std::size_t>(received);
    if (errno == ECONNRESET) return 0;
    if (errno != EINTR) fail_errno("recv");
  }
}

/// Connects to the relay and says which member this is. The relay has taken the name when its echo of the greeting is
/// back, so from then on frames to this member arrive.
inline int join_relay(const Options& options, std::uint32_t member) {
  const int socket = options.port ? connected_socket(AF_INET, loopback_address(*options.port))
                                  : connected_socket(AF_UNIX, unix_address(options.unix_path));
  set_no_delay(socket, options);
  std::array<std::byte, sizeof(FloorHeader)> greeting;
  store_header(greeting.data(), {sizeof(FloorHeader), member, member, floor_hello, 0});
  send_all(socket, greeting);
  for (std::size_t have = 0; have < greeting.size();) {
    const std::size_t received = receive_some(socket, std::span{greeting}.subspan(have));
    if (received == 0) fail("the relay closed the connection");
    have += received;
  }
  return socket;
}

/// Walks over the complete frames at the start of `bytes`, calling `visit(std::byte* frame, FloorHeader)`; returns
/// the number of bytes walked over.
template <typename Visit>
std::size_t for_each_frame(std::span<std::byte> bytes, Visit&& visit) {
  std::size_t done = 0;
  while (bytes.size() - done >= sizeof(FloorHeader)) {
    const FloorHeader header = load_header(bytes.data() + done);
    if (header.length < sizeof(FloorHeader) || header.length > floor_max_frame) fail("a frame of impossible length");
    if (bytes.size() - done < header.length) break;
    visit(bytes.data() + done, header);
    done += header.length;
  }
  return done;
}

}  // namespace bench
