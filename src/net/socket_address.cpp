/// @file  SocketAddress: numeric hosts and localhost at once, names by getaddrinfo.
#include "net/socket_address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

#include "base/annotations.hpp"
#include "base/threads.hpp"

namespace daffi::net {
namespace {

template <typename Address>
SocketAddress socket_address(const Address& address) {
  SocketAddress result;
  static_assert(sizeof address <= sizeof result.storage);
  std::memcpy(&result.storage, &address, sizeof address);
  result.length = sizeof address;
  return result;
}

Addresses from_getaddrinfo(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    const std::string why = error == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(error);
    return base::fail(ErrorCode::no_controller, "unknown host '" + host + "': " + why);
  }
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
  }
  ::freeaddrinfo(found);
  if (addresses.empty()) return base::fail(ErrorCode::no_controller, "host '" + host + "' has no internet address");
  return addresses;
}

// What the thread and the one who waits share: whoever lets go first takes the loop away from the other.
struct Lookup {
  base::Mutex mutex;
  Loop* loop DAFFI_GUARDED_BY(mutex) = nullptr;  ///< null: nobody waits any more
  std::function<void(Addresses)> done;           ///< the loop's thread only
};

void answer(const std::shared_ptr<Lookup>& lookup, Addresses addresses) {
  const base::Lock lock(lookup->mutex);  // held while posting, so that the loop cannot go meanwhile
  if (lookup->loop == nullptr) return;
  auto shared = std::make_shared<Addresses>(std::move(addresses));  // a posted task must be copyable
  lookup->loop->post([lookup, shared] {
    {
      const base::Lock inner(lookup->mutex);
      if (lookup->loop == nullptr) return;
    }
    const auto done = std::move(lookup->done);
    done(std::move(*shared));
  });
}

}  // namespace

std::uint16_t SocketAddress::port() const {
  // The port stands at the same place in both families.
  return family() == AF_UNIX ? std::uint16_t{0} : ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

void SocketAddress::set_port(std::uint16_t port) { reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port); }

base::Result<SocketAddress> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return base::fail(ErrorCode::initialization, "the socket's path '" + path + "' is longer than the " +
                                                     std::to_string(sizeof address.sun_path - 1) +
                                                     " bytes the system allows");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  SocketAddress result = socket_address(address);
  result.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return result;
}

std::vector<SocketAddress> known_addresses(const std::string& host, std::uint16_t port) {
  if (!host.empty() && host != "localhost") {
    auto numeric = from_getaddrinfo(host, port, AI_NUMERICHOST | AI_NUMERICSERV);
    return numeric ? std::move(numeric).value() : std::vector<SocketAddress>();
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  v6.sin6_addr = in6addr_loopback;
  return {socket_address(v4), socket_address(v6)};
}

Addresses look_up(const std::string& host, std::uint16_t port) {
  auto known = known_addresses(host, port);
  if (!known.empty()) return known;
  return from_getaddrinfo(host, port, AI_NUMERICSERV);
}

std::shared_ptr<void> look_up_on_thread(Loop& loop, const std::string& host, std::uint16_t port,
                                        std::function<void(Addresses)> done) {
  auto lookup = std::make_shared<Lookup>();
  lookup->done = std::move(done);
  {
    const base::Lock lock(lookup->mutex);
    lookup->loop = &loop;
  }
  std::thread thread = base::try_spawn("daffi-resolve", [lookup, host, port] { answer(lookup, look_up(host, port)); });
  if (thread.joinable()) {
    thread.detach();  // getaddrinfo cannot be interrupted, and nobody should wait for it
  } else {
    answer(lookup, base::fail(ErrorCode::system, "cannot start a thread to look up '" + host + "'"));
  }
  return {lookup.get(), [lookup](void*) {
            const base::Lock lock(lookup->mutex);
            lookup->loop = nullptr;
          }};
}

std::string host_of(const PeerInfo& peer) {
  if (peer.transport != PeerInfo::Transport::tcp) return {};
  return peer.address.substr(0, peer.address.rfind(':'));
}

}  // namespace daffi::net
