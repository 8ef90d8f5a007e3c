/// @file  FalseController: sits on a port, keeps all it hears, answers with whatever lies it was given, and calls.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/process.hpp"
#include "wire/messages.hpp"
#include "wire/out_queue.hpp"
#include "wire/parser.hpp"
#include "wire/preamble.hpp"

namespace daffi::tests {

/// What it says of itself and others. Value.
struct Lies {
  bool answers = true;                   ///< with a challenge
  std::vector<wire::KeyProof> proofs{};  ///< in it
  bool welcomes = true;                  ///< with a directory: the node, and a member "boss"
  wire::Identity of_node{}, of_boss{};   ///< its stamps
};

/// Serves one connection at a time; a newer one takes the place of the older. Threads: the test's, which moves it.
class FalseController {
 public:
  struct Heard {
    wire::Header header;
    std::vector<std::byte> payload;
  };
  static constexpr std::uint32_t kEpoch = 4711, kNode = 1, kBoss = 2;

  explicit FalseController(Lies lies)
      : lies_(std::move(lies)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~FalseController() {
    hang_up();
    ::close(listener_);
  }
  FalseController(const FalseController&) = delete;
  FalseController& operator=(const FalseController&) = delete;

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return connections_; }
  /// Every byte of every connection.
  const std::string& recording() const { return recording_; }
  const std::vector<wire::Hello>& hellos() const { return hellos_; }
  const std::vector<wire::Proof>& proofs() const { return proofs_; }
  void hang_up() {
    if (connection_ >= 0) ::close(std::exchange(connection_, -1));
  }

  /// Listens and answers until `holds`, or for too long, when it returns false.
  bool until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      pollfd waiting[2]{{listener_, POLLIN, 0}, {connection_, POLLIN, 0}};
      if (::poll(waiting, 2, 50) <= 0) continue;
      if (waiting[0].revents != 0) accept_one();
      if (waiting[1].revents != 0 && connection_ == waiting[1].fd) read_some();
    }
    return true;
  }
  /// The id of a callback that the node has announced; 0: of none.
  std::uint32_t callback_id(const std::string& name) const {
    for (const auto& each : registered_) {
      if (each.name == name) return each.callback_id;
    }
    return 0;
  }
  /// Calls in the name of "boss" and gives the answer, or nothing if there is none.
  std::optional<Heard> call(std::uint32_t callback, std::string_view arguments) {
    std::array<std::byte, wire::kCallHeadSize> head;
    wire::encode_call_head({.callback_id = callback, .remaining_ms = wire::CallHead::kNoLimit}, head);
    const std::string payload = std::string(base::as_text(head)) + std::string(arguments);
    const std::uint64_t id = ++ids_;
    send({.kind = wire::FrameKind::call, .epoch = kEpoch, .member = kBoss, .id = id}, payload);
    std::optional<Heard> answer;
    (void)until([&] {
      for (const auto& each : heard_) {
        if (each.header.id == id && each.header.kind >= wire::FrameKind::result) answer = each;
      }
      return answer.has_value() || connection_ < 0;
    });
    return answer;
  }

 private:
  void accept_one() {
    hang_up();
    connection_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    ++connections_;
    reader_ = std::make_unique<wire::FrameReader>();
    begun_ = false;
  }
  void read_some() {
    const auto space = reader_->space();
    const ssize_t got = ::recv(connection_, space.data(), space.size(), MSG_DONTWAIT);
    if (got <= 0) return hang_up();
    recording_.append(reinterpret_cast<const char*>(space.data()), static_cast<std::size_t>(got));
    reader_->filled(static_cast<std::size_t>(got));
    if (!begun_) {
      if (reader_->unparsed().size() < wire::kPreambleSize) return;
      reader_->skip(wire::kPreambleSize);
      begun_ = true;
    }
    for (;;) {
      const auto next = reader_->next();
      if (!next.ok()) return hang_up();
      if (!next->has_value()) return;
      on_frame(**next);
    }
  }
  void on_frame(const wire::Frame& frame) {
    switch (frame.header.kind) {
      case wire::FrameKind::hello:
        hellos_.push_back(must<wire::Hello>(frame));
        if (lies_.answers) say(0, wire::Challenge{.accepted = 3, .proofs = lies_.proofs});
        return;
      case wire::FrameKind::proof:
        proofs_.push_back(must<wire::Proof>(frame));
        registered_ = proofs_.back().registrations.added;
        if (lies_.welcomes) welcome();
        return;
      case wire::FrameKind::register_:
        for (const auto& each : must<wire::Register>(frame).added) registered_.push_back(each);
        return;
      case wire::FrameKind::ping:
        return send({.kind = wire::FrameKind::pong, .epoch = kEpoch, .id = frame.header.id}, "");
      default:
        heard_.push_back({frame.header, {frame.payload.begin(), frame.payload.end()}});
    }
  }
  void welcome() {
    const std::string name = hellos_.back().process_name;
    say(0, wire::Welcome{.member_id = kNode,
                         .epoch = kEpoch,
                         .max_frame_payload = wire::kMaxFramePayload,
                         .heartbeat_ms = 60'000,
                         .grace_ms = 5'000,
                         .controller_name = "hub",
                         .identity = lies_.of_node});
    wire::MemberEntry node{.member_id = kNode, .identity = lies_.of_node, .process_name = name, .language = "c++"};
    wire::MemberEntry boss{.member_id = kBoss, .identity = lies_.of_boss, .process_name = "boss", .language = "c++"};
    say(kEpoch, wire::Snapshot{.sequence = 1, .members = {node, boss}});
  }
  template <typename M>
  static M must(const wire::Frame& frame) {
    auto message = wire::decode<M>(frame.payload);
    EXPECT_TRUE(message.ok());
    return message.ok() ? *message : M{};
  }
  template <typename M>
  void say(std::uint32_t epoch, const M& message) {
    const auto payload = wire::encode(message);
    send({.kind = M::kKind, .epoch = epoch}, base::as_text(payload));
  }
  void send(wire::Header header, std::string_view payload) {
    header.size = static_cast<std::uint32_t>(payload.size());
    std::array<std::byte, wire::kHeaderSize> head;
    wire::encode_header(header, head);
    std::string bytes = std::string(base::as_text(head)) + std::string(payload);
    while (!bytes.empty()) {
      const ssize_t sent = ::send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return hang_up();
      bytes.erase(0, static_cast<std::size_t>(sent));
    }
  }

  const Lies lies_;
  const int listener_;
  std::uint16_t port_ = 0;
  int connection_ = -1;
  bool begun_ = false;
  std::size_t connections_ = 0;
  std::uint64_t ids_ = 0;
  std::unique_ptr<wire::FrameReader> reader_;
  std::string recording_;
  std::vector<wire::Hello> hellos_;
  std::vector<wire::Proof> proofs_;
  std::vector<wire::Registration> registered_;
  std::deque<Heard> heard_;
};

}  // namespace daffi::tests
