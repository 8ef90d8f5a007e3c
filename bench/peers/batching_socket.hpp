/// @file  A NATS client of our own: everything to be sent goes in one write, everything that came in one read.
#pragma once

#include <string>
#include <string_view>

#include "floor_socket.hpp"

namespace bench {

/// Speaks only what the benchmark needs: SUB, PUB with a reply subject, MSG, PING.
/// Threads: one.
class BatchingSocket {
 public:
  explicit BatchingSocket(const Options& options) : socket_(connect_to_server(options)), in_(1 << 20, '\0') {
    out_ = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n";
  }

  void subscribe(std::string_view subject) { out_.append("SUB ").append(subject).append(" 1\r\n"); }
  void publish(std::string_view subject, std::string_view reply, std::string_view data) {
    out_.append("PUB ").append(subject).append(" ").append(reply).append(reply.empty() ? "" : " ");
    out_.append(std::to_string(data.size())).append("\r\n").append(data).append("\r\n");
  }
  void flush() {
    for (std::size_t sent = 0; sent < out_.size();) {
      const ssize_t count = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (count < 0) fail_errno("send");
      sent += static_cast<std::size_t>(count);
    }
    out_.clear();
  }
  /// Waits until the server has taken note of all that was sent.
  void synchronise() {
    out_ += "PING\r\n";
    flush();
    for (pong_ = false; !pong_;) receive([](std::string_view, std::string_view) {});
  }

  /// One read; `on_message(reply subject, data)` for each message in it.
  template <typename OnMessage>
  void receive(OnMessage&& on_message) {
    if (tail_ == in_.size()) in_.resize(in_.size() * 2);
    const ssize_t count = ::recv(socket_, in_.data() + tail_, in_.size() - tail_, 0);
    if (count <= 0) fail("the server closed the connection");
    tail_ += static_cast<std::size_t>(count);
    std::string_view left{in_.data(), tail_};
    while (take_one(left, on_message)) {
    }
    std::memmove(in_.data(), left.data(), left.size());
    tail_ = left.size();
  }

 private:
  static int connect_to_server(const Options& options) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback_address(*options.port);
    if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      fail_errno("connecting to the server");
    }
    set_no_delay(socket, options);
    return socket;
  }

  // MSG <subject> <sid> [reply] <size>
  template <typename OnMessage>
  bool take_one(std::string_view& left, OnMessage& on_message) {
    const std::size_t end = left.find("\r\n");
    if (end == std::string_view::npos) return false;
    const std::string_view line = left.substr(0, end);
    if (!line.starts_with("MSG ")) {
      if (line == "PING") out_ += "PONG\r\n";
      pong_ = pong_ || line == "PONG";
      left.remove_prefix(end + 2);
      return true;
    }
    const std::size_t size_at = line.rfind(' ') + 1;
    const auto size = parse_number<std::size_t>("MSG", line.substr(size_at));
    if (left.size() < end + 2 + size + 2) return false;
    const std::size_t sid_at = line.find(' ', 4) + 1;
    const std::size_t reply_at = line.find(' ', sid_at) + 1;
    const std::string_view reply = reply_at < size_at ? line.substr(reply_at, size_at - 1 - reply_at) : "";
    on_message(reply, left.substr(end + 2, size));
    left.remove_prefix(end + 2 + size + 2);
    return true;
  }

  const int socket_;
  std::string out_, in_;
  std::size_t tail_ = 0;
  bool pong_ = false;
};

/// How many items one "more" asks for, and how many of those are under way.
inline std::size_t items_per_more(std::size_t payload) { return payload < 4096 ? 4096 : 16; }
inline constexpr std::size_t kMoresUnderWay = 4;

}  // namespace bench
