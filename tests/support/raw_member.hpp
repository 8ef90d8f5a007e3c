/// @file  RawMember: a member of a real controller, over TCP, that says whatever the test wants.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>

#include <chrono>
#include <functional>
#include <memory>

#include "net/fd_stream.hpp"
#include "support/process.hpp"
#include "unit/controller/raw_node.hpp"

namespace daffi::tests {

/// Does the handshake and answers pings by itself; nothing else. Threads: the test's, which moves it.
class RawMember {
 public:
  /// A member, once it returns; else the test has failed.
  RawMember(std::uint16_t port, const controller::Persona& persona) : socket_(connect_to(port)), node(stream()) {
    node.start(persona);
    EXPECT_TRUE(until([&] { return node.welcomed() && !node.replica.members.empty(); }));
  }

  /// Moves bytes both ways until `holds`, or for too long, when it returns false.
  bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (node.pump()) continue;
      pollfd waiting{socket_, static_cast<short>(node.out.empty() ? POLLIN : POLLIN | POLLOUT), 0};
      (void)::poll(&waiting, 1, 50);
    }
    return true;
  }
  /// The number of a callback of another member, which is waited for.
  std::pair<std::uint32_t, std::uint32_t> find(const std::string& process, const std::string& callback) {
    std::pair<std::uint32_t, std::uint32_t> found{0, 0};
    EXPECT_TRUE(until([&] {
      const auto* member = node.replica.find(process);
      if (member == nullptr) return false;
      for (const auto& each : member->callbacks) {
        if (each.name == callback) found = {member->member_id, each.callback_id};
      }
      return found.first != 0;
    })) << process
        << " has no " << callback;
    return found;
  }
  /// Calls it with encoded arguments, and `flags` of a call's head.
  void call(std::pair<std::uint32_t, std::uint32_t> whom, std::uint64_t id, std::string_view arguments,
            std::uint32_t flags = 0) {
    std::array<std::byte, wire::kCallHeadSize> head;
    wire::encode_call_head({whom.second, wire::CallHead::kNoLimit, flags, 0}, head);
    node.call(whom.first, id, std::string(base::as_text(head)) + std::string(arguments));
  }
  /// The next frame of that kind; an empty one if none comes.
  controller::Received take(wire::FrameKind kind) {
    std::optional<controller::Received> found;
    EXPECT_TRUE(until([&] { return (found = node.take(kind)).has_value() || node.closed; }));
    EXPECT_TRUE(found.has_value()) << "no " << wire::to_string(kind);
    return found.value_or(controller::Received{});
  }

 private:
  static int connect_to(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return descriptor;
  }
  std::unique_ptr<net::Stream> stream() const { return std::make_unique<net::FdStream>(net::Descriptor(socket_)); }

  const int socket_;  ///< its stream's

 public:
  controller::RawNode node;
};

}  // namespace daffi::tests
