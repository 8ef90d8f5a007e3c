/// @file  FdStream: recv and sendmsg that never block and never raise a signal.
#include "net/fd_stream.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace daffi::net {
namespace {

// The kernel doubles it, and reports a socket as writable again when a quarter of that is unsent.
constexpr int unix_send_buffer = 1 << 20;
constexpr int unix_receive_buffer = 4 << 20;
// Of a UNIX socket that includes what the peer has not read yet: with half of it both ends wait for each other.
constexpr int max_unix_unsent = 512 << 10;
constexpr int max_tcp_unsent = 256 << 10;
static_assert(unix_send_buffer * 2 / 4 <= max_unix_unsent, "or waiting for room would return at once, without any");
constexpr std::size_t max_parts = 1024;  // IOV_MAX
constexpr unsigned writes_before_unwatching = 16;

template <typename Address>
Address address_as(const sockaddr_storage& storage) {
  Address address;
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

PeerInfo describe_peer(int fd) {
  PeerInfo peer;
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) address.ss_family = AF_UNSPEC;
  peer.address = describe_address(address);
  peer.same_host = is_this_host(address);
  peer.transport = address.ss_family == AF_UNIX ? PeerInfo::Transport::unix_socket : PeerInfo::Transport::tcp;
  ucred credentials{};
  length = sizeof credentials;
  if (address.ss_family == AF_UNIX && ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0) {
    peer.uid = credentials.uid;
  }
  return peer;
}

// Each is an improvement, none a condition: the kernel limits the buffers to what it allows, and that is that.
void tune(int fd, const PeerInfo& peer) {
  if (peer.transport == PeerInfo::Transport::unix_socket) {
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &unix_send_buffer, sizeof unix_send_buffer);
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &unix_receive_buffer, sizeof unix_receive_buffer);
  } else {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // What has not been sent yet waits in our own queue, where small frames may overtake bulk.
    ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &max_tcp_unsent, sizeof max_tcp_unsent);
    // Nothing is congested inside one host, and a control that paces what is sent (bbr) halves what goes through it.
    constexpr std::string_view plain = "reno";
    if (peer.same_host) ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, plain.data(), plain.size());
  }
}

IoResult io_failure(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return {IoStatus::would_block, 0, 0};
  return {IoStatus::failed, 0, error};
}

std::size_t total_size(std::span<const iovec> parts) {
  std::size_t total = 0;
  for (const iovec& part : parts) total += part.iov_len;
  return total;
}

}  // namespace

std::string describe_address(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto v4 = address_as<sockaddr_in>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto v6 = address_as<sockaddr_in6>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return address.ss_family == AF_UNIX ? "unix" : "unknown";
}

bool is_this_host(const sockaddr_storage& address) {
  if (address.ss_family == AF_UNIX) return true;
  if (address.ss_family == AF_INET) {
    return ntohl(address_as<sockaddr_in>(address).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  if (address.ss_family != AF_INET6) return false;
  const auto v6 = address_as<sockaddr_in6>(address).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == IN_LOOPBACKNET;
  return IN6_IS_ADDR_LOOPBACK(&v6);
}

FdStream::FdStream(Descriptor socket) : socket_(std::move(socket)), peer_(describe_peer(socket_.get())) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) == 0) ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
  tune(socket_.get(), peer_);
}

FdStream::~FdStream() {
  unwatch();
  // The end reaches the peer even while a forked child still holds a copy of the descriptor.
  ::shutdown(socket_.get(), SHUT_WR);
  if (peer_.transport != PeerInfo::Transport::tcp) return;
  // Closing a tcp socket that holds unread input resets the connection, and the peer may lose what we wrote last: so
  // that input, within reason, is thrown away first.
  std::array<std::byte, 16384> unread;
  for (int i = 0; i < 64 && ::recv(socket_.get(), unread.data(), unread.size(), MSG_DONTWAIT) > 0; ++i) {
  }
}

IoResult FdStream::read(base::MutableBytes into) {
  assert(!into.empty());
  if (closed_.load(std::memory_order_relaxed)) return {IoStatus::failed, 0, ECONNABORTED};
  for (;;) {
    const ssize_t count = ::recv(socket_.get(), into.data(), into.size(), 0);
    if (count > 0) return {IoStatus::ok, static_cast<std::size_t>(count), 0};
    if (count == 0) return {closed_.load() ? IoStatus::failed : IoStatus::closed, 0, closed_.load() ? ECONNABORTED : 0};
    if (errno != EINTR) return io_failure(errno);
  }
}

IoResult FdStream::write(std::span<const iovec> parts) {
  if (closed_.load(std::memory_order_relaxed)) return {IoStatus::failed, 0, ECONNABORTED};
  const std::size_t wanted = total_size(parts.first(std::min(parts.size(), max_parts)));
  if (wanted == 0) return {IoStatus::ok, 0, 0};
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());  // sendmsg only reads it
  message.msg_iovlen = std::min(parts.size(), max_parts);
  for (;;) {
    const ssize_t count = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (count >= 0) {
      note_write(static_cast<std::size_t>(count) < wanted);
      return {IoStatus::ok, static_cast<std::size_t>(count), 0};
    }
    if (errno == EINTR) continue;
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) note_write(true);
    return io_failure(error);
  }
}

// A UNIX socket becomes writable again each time the peer reads, so reports of that are asked for only after a write
// did not fit, and for a while longer. (A tcp socket reports it only after a write did not fit.)
void FdStream::note_write(bool blocked) {
  if (loop_ == nullptr || peer_.transport != PeerInfo::Transport::unix_socket) return;
  if (blocked) {
    if (writes_until_unwatched_ == 0) loop_->watch_writes(socket_.get(), true);
    writes_until_unwatched_ = writes_before_unwatching;
  } else if (writes_until_unwatched_ > 0 && --writes_until_unwatched_ == 0) {
    loop_->watch_writes(socket_.get(), false);
  }
}

// A tcp socket takes no more by itself than may be unsent.
bool FdStream::has_bulk_room() {
  int unsent = 0;
  if (peer_.transport != PeerInfo::Transport::unix_socket || ::ioctl(socket_.get(), SIOCOUTQ, &unsent) != 0)
    return true;
  if (unsent < max_unix_unsent) return true;
  note_write(true);
  return false;
}

void FdStream::close() {
  if (!closed_.exchange(true)) ::shutdown(socket_.get(), SHUT_RDWR);
}

base::Result<void> FdStream::watch(Loop& loop, Watcher& watcher) {
  auto watched = loop.watch(socket_.get(), watcher);
  if (!watched) return watched;
  loop_ = &loop;
  writes_until_unwatched_ = writes_before_unwatching;
  return {};
}

void FdStream::unwatch() {
  if (loop_ != nullptr) loop_->forget(socket_.get());
  loop_ = nullptr;
}

}  // namespace daffi::net
