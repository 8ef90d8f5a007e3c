/// @file  A world for controller tests: one controller on a fake clock, and scripted nodes that speak frames by hand.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/fake_clock.hpp"
#include "controller/controller.hpp"
#include "net/memory.hpp"
#include "net/virtual_loop.hpp"
#include "session/handshake.hpp"
#include "wire/messages.hpp"
#include "wire/preamble.hpp"

namespace daffi::controller {

using namespace std::chrono_literals;
using wire::FrameKind;

/// A frame as it was received. Value.
struct Received {
  wire::Header header;
  std::vector<std::byte> payload;

  template <typename M>
  M as() const {
    auto message = wire::decode<M>(payload);
    EXPECT_TRUE(message.ok()) << (message.ok() ? "" : message.failure().message);
    return message.ok() ? *message : M{};
  }
  std::string text() const { return std::string(base::as_text(payload)); }
  wire::Returned returned() const {
    auto returned = wire::decode_returned(payload);
    EXPECT_TRUE(returned.ok());
    return returned.ok() ? *returned : wire::Returned{};
  }
};

/// What a node knows of the directory, built from what it was sent; a gap in the numbers fails the test.
class Replica {
 public:
  void apply(const wire::Snapshot& part) {
    if (part.part == 0) {
      members.clear();
      descriptors.clear();
    }
    for (const wire::Descriptor& it : part.descriptors) descriptors[it.id] = it;
    for (const wire::MemberEntry& it : part.members) {
      auto [known, fresh] = members.try_emplace(it.member_id, it);
      if (!fresh)
        known->second.callbacks.insert(known->second.callbacks.end(), it.callbacks.begin(), it.callbacks.end());
    }
    sequence = part.sequence;
    ++snapshot_parts;
    check();
  }
  void apply(const wire::Delta& delta) {
    EXPECT_EQ(delta.first_sequence, sequence + 1) << "a gap";
    for (const wire::Descriptor& it : delta.descriptors) {
      EXPECT_TRUE(descriptors.emplace(it.id, it).second) << "a descriptor that was known";
    }
    for (const wire::Change& change : delta.changes) {
      std::visit([this](const auto& it) { on(it); }, change);
      ++sequence;
    }
    ++deltas;
    if ((delta.flags & wire::Delta::kMore) == 0) check();
  }
  const wire::MemberEntry* find(const std::string& name) const {
    for (const auto& [id, member] : members) {
      if (member.process_name == name) return &member;
    }
    return nullptr;
  }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& [id, member] : members) all.insert(member.process_name);
    return all;
  }

  std::map<std::uint32_t, wire::MemberEntry> members;
  std::map<std::uint32_t, wire::Descriptor> descriptors;
  std::vector<std::uint32_t> suspended, left;
  std::vector<base::CloseReason> left_why;
  std::uint64_t sequence = 0;
  std::size_t deltas = 0, snapshot_parts = 0;

 private:
  void on(const wire::MemberJoined& it) { EXPECT_TRUE(members.emplace(it.member.member_id, it.member).second); }
  void on(const wire::MemberLeft& it) {
    EXPECT_EQ(members.erase(it.member_id), 1u);
    left.push_back(it.member_id);
    left_why.push_back(it.reason);
  }
  void on(const wire::MemberSuspended& it) {
    members.at(it.member_id).state = wire::MemberState::suspended;
    suspended.push_back(it.member_id);
  }
  void on(const wire::MemberResumed& it) { members.at(it.member.member_id) = it.member; }
  void on(const wire::CallbacksAdded& it) {
    auto& all = members.at(it.member_id).callbacks;
    all.insert(all.end(), it.callbacks.begin(), it.callbacks.end());
  }
  void on(const wire::CallbacksRemoved& it) {
    for (const std::uint32_t id : it.callback_ids) {
      EXPECT_EQ(std::erase_if(members.at(it.member_id).callbacks, [&](auto& c) { return c.callback_id == id; }), 1u);
    }
  }
  void on(const wire::MemberDraining& it) { members.at(it.member_id).draining = true; }
  void check() const {
    for (const auto& [id, member] : members) {
      for (const auto& it : member.callbacks) {
        const bool closed = it.descriptor_id == wire::CallbackEntry::kClosed;
        EXPECT_TRUE(closed || descriptors.contains(it.descriptor_id));
      }
    }
  }
};

/// How a raw node presents itself. Value.
struct Persona {
  std::string name;
  std::uint8_t instance = 0;  ///< 0: one of its own
  session::Secrets secrets = {};
  wire::Register callbacks = {};
  std::uint32_t flags = 0;
};

/// One end of a stream, of memory as a rule, moved by hand. Strand: the test.
class RawNode {
 public:
  explicit RawNode(net::MemoryPair pair) : stream_(std::move(pair.b)), link(pair.link) {}
  explicit RawNode(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}

  /// Begins the handshake as a well-behaved node.
  void start(const Persona& persona) {
    session::Presentation me{.process_name = persona.name};
    static std::uint8_t next_instance = 0;
    static std::uint8_t own = 1;
    me.instance_token[0] = std::byte{persona.instance};
    if (persona.instance == 0) {
      if (++next_instance == 0) ++own;
      me.instance_token[1] = std::byte{next_instance};
      me.instance_token[2] = std::byte{own};
    }
    me.flags = persona.flags;
    handshake_ = std::make_unique<session::ClientHandshake>(me, persona.secrets, stream_->peer(),
                                                            [callbacks = persona.callbacks] { return callbacks; });
    handshake_->start(out);
  }
  /// Moves bytes both ways; false when nothing moved.
  bool pump() {
    bool moved = write();
    if (!frozen) moved = read() || moved;
    return moved;
  }

  void send(wire::Header header, std::string_view payload) {
    if (header.epoch == 0) header.epoch = epoch();
    header.size = static_cast<std::uint32_t>(payload.size());
    out.append_frame(header, base::as_bytes(payload));
  }
  void call(std::uint32_t to, std::uint64_t id, std::string_view payload = "call") {
    send({.kind = FrameKind::call, .member = to, .id = id}, payload);
  }
  void result(std::uint32_t to, std::uint64_t id, std::string_view payload = "result") {
    send({.kind = FrameKind::result, .member = to, .id = id}, payload);
  }
  template <typename M>
  void say(const M& message, std::uint64_t id = 0) {
    wire::append_message(out, {.epoch = epoch(), .id = id}, message);
  }
  void goodbye() { say(wire::Close{base::CloseReason::goodbye, ""}); }

  bool welcomed() const { return handshake_ != nullptr && handshake_->welcome().member_id != 0; }
  std::uint32_t id() const { return handshake_ == nullptr ? 0 : handshake_->welcome().member_id; }
  std::uint32_t epoch() const { return handshake_ == nullptr ? 0 : handshake_->welcome().epoch; }
  const session::ClientHandshake& handshake() const { return *handshake_; }
  /// The first frame of that kind not yet taken; frames before it stay.
  std::optional<Received> take(FrameKind kind) {
    for (auto it = received.begin(); it != received.end(); ++it) {
      if (it->header.kind != kind) continue;
      Received found = std::move(*it);
      received.erase(it);
      return found;
    }
    return std::nullopt;
  }
  void drop() { stream_ = nullptr; }  ///< as a process that is killed

  wire::OutQueue out;
  std::deque<Received> received;  ///< all but pings, pongs and what belongs to the handshake
  std::vector<FrameKind> order;   ///< the kinds of all frames, in order of arrival
  Replica replica;
  bool frozen = false;  ///< reads nothing, as a stopped process
  bool silent = false;  ///< does not answer pings
  bool closed = false;  ///< the stream ended
  std::size_t pings = 0, pongs = 0;
  std::optional<wire::Close> close;
  std::optional<base::Failure> refused;

 private:
  bool write() {
    bool moved = false;
    while (stream_ != nullptr && !out.empty()) {
      iovec pieces[8];
      const auto put = stream_->write({pieces, out.gather(pieces)});
      if (put.status != net::IoStatus::ok) break;
      out.consume(put.bytes);
      moved = true;
    }
    return moved;
  }
  bool read() {
    bool moved = false;
    while (stream_ != nullptr && !closed) {
      const auto space = reader_.space();
      const auto got = stream_->read(space);
      if (got.status == net::IoStatus::would_block) break;
      moved = true;
      if (got.status != net::IoStatus::ok) {
        closed = true;
        break;
      }
      reader_.filled(got.bytes);
      take_frames();
    }
    return moved;
  }
  void take_frames() {
    for (;;) {
      auto next = reader_.next();
      ASSERT_TRUE(next.ok());
      if (!next->has_value()) return;
      on_frame(**next);
    }
  }
  void on_frame(const wire::Frame& frame) {
    order.push_back(frame.header.kind);
    const Received copy{frame.header, {frame.payload.begin(), frame.payload.end()}};
    if (frame.header.kind == FrameKind::close) close = copy.as<wire::Close>();
    if (handshake_ != nullptr && !welcomed() && !refused) {
      auto done = handshake_->on_frame(frame, out);
      if (!done) refused = std::move(done).failure();
      return;
    }
    switch (frame.header.kind) {
      case FrameKind::ping:
        ++pings;
        if (!silent)
          out.append_frame({.kind = FrameKind::pong, .epoch = epoch(), .id = frame.header.id}, base::Bytes());
        return;
      case FrameKind::pong:
        ++pongs;
        return;
      case FrameKind::snapshot:
        return replica.apply(copy.as<wire::Snapshot>());
      case FrameKind::delta:
        return replica.apply(copy.as<wire::Delta>());
      default:
        received.push_back(copy);
    }
  }

  std::unique_ptr<net::Stream> stream_;
  wire::FrameReader reader_;
  std::unique_ptr<session::ClientHandshake> handshake_;

 public:
  std::shared_ptr<net::MemoryLink> link;
};

/// Strand: the test.
class World {
 public:
  explicit World(Options options = {}) {
    if (options.name.empty()) options.name = "control";
    controller = std::make_unique<Controller>(
        loop, options,
        Events{.member_joined = [this](const std::string& name) { joined.push_back(name); },
               .member_left = [this](const std::string& name, const std::string&) { left.push_back(name); }});
  }

  /// A connection on which nothing has been said.
  RawNode& connect(std::size_t capacity = 1 << 20) {
    auto pair = net::make_memory_pair(capacity);
    controller->adopt(std::move(pair.a));
    nodes.push_back(std::make_unique<RawNode>(std::move(pair)));
    return *nodes.back();
  }
  /// The same for a stream that the test has made of one end of such a pair.
  RawNode& connect_through(std::function<std::unique_ptr<net::Stream>(std::unique_ptr<net::Stream>)> wrap) {
    auto pair = net::make_memory_pair();
    controller->adopt(wrap(std::move(pair.a)));
    nodes.push_back(std::make_unique<RawNode>(std::move(pair)));
    return *nodes.back();
  }
  /// A node that has done what it can to become a member.
  RawNode& join(const Persona& persona, std::size_t capacity = 1 << 20) {
    RawNode& node = connect(capacity);
    node.start(persona);
    settle();
    return node;
  }
  /// Moves everything until nothing moves any more; time stands still.
  void settle() {
    for (bool moved = true; moved;) {
      moved = loop.run_ready();
      for (const auto& node : nodes) moved = node->pump() || moved;
    }
  }
  /// Lets time pass in steps, and everybody act meanwhile.
  void pass(base::Duration span, base::Duration step = 10ms) {
    settle();
    while (span > 0ns) {
      const base::Duration part = std::min(span, step);
      loop.advance(part);
      settle();
      span -= part;
    }
  }

  base::FakeClock clock;
  net::VirtualLoop loop{clock};
  std::vector<std::string> joined, left;
  std::vector<std::unique_ptr<RawNode>> nodes;
  std::unique_ptr<Controller> controller;
};

inline wire::Registration callback(std::uint32_t id, std::string name, std::string returns = "int") {
  wire::Registration registration;
  registration.callback_id = id;
  registration.name = std::move(name);
  registration.descriptor.language = "c++";
  registration.descriptor.returns = std::move(returns);
  return registration;
}

inline wire::Register announce(std::vector<wire::Registration> added) {
  wire::Register all;
  all.added = std::move(added);
  return all;
}

inline session::Secrets cookie(int seed) {
  return {.cookie = std::vector<std::byte>(32, static_cast<std::byte>(seed)), .token = {}};
}

}  // namespace daffi::controller
