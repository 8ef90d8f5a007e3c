/// @file  A node and a scripted member that speaks to it frame by frame.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../controller/raw_node.hpp"
#include "daffi/detail/item_stream.hpp"
#include "node/node.hpp"
#include "rpc/credit.hpp"
#include "rpc/inline_engine.hpp"

namespace daffi::node {

using namespace std::chrono_literals;
using controller::RawNode;
using wire::FrameKind;
using wire::Header;

/// A stream of the numbers below an end, which counts. Strand: the test.
class Numbers final : public detail::ItemProducer {
 public:
  Numbers(int end, int& made, int& gone) : end_(end), made_(made), gone_(gone) {}
  ~Numbers() override { ++gone_; }
  Next next(Writer& item, const std::function<void()>&) override {
    if (given_ == end_) return Next::complete;
    item.integer(given_++);
    ++made_;
    return Next::item;
  }

 private:
  const int end_;
  int given_ = 0;
  int& made_;
  int& gone_;
};

/// A node, and a member "raw" that speaks to it by hand. Strand: the test.
class NodeFrames : public testing::Test {
 protected:
  NodeFrames() {
    hub_.listen([this](std::unique_ptr<net::Stream> stream) { world_.controller->adopt(std::move(stream)); });
    Options options;
    options.process_name = "node";
    node_ = std::make_unique<Node>(world_.loop, rpc::make_inline_engine(world_.loop, {}), hub_.connector(), options,
                                   Events{});
    EXPECT_TRUE(node_->start().ok());
    add("numbers", true,
        [this](detail::Invocation& call) { call.stream(std::make_unique<Numbers>(1'000'000, made_, gone_)); });
    add("few", true, [this](detail::Invocation& call) { call.stream(std::make_unique<Numbers>(2, made_, gone_)); });
    add("holds", false, [this](detail::Invocation& call) { held_.push_back(call.defer()); });
    add("adds", false, [](detail::Invocation& call) { call.result().integer(3); });
    auto yields = controller::callback(7, "yields");
    yields.descriptor.flags |= wire::Descriptor::kStream;
    raw_ = &world_.join({.name = "raw", .callbacks = controller::announce({yields, controller::callback(8, "takes")})});
    world_.pass(100ms);
    id_ = raw_->replica.find("node")->member_id;
  }

  void add(const std::string& name, bool stream, detail::Handler handler) {
    detail::CallbackSpec spec;
    spec.name = name;
    spec.signature.stream = stream;
    spec.handler = std::move(handler);
    ids_[name] = node_->add_callback(std::move(spec)).id;
  }
  std::string head(const std::string& name, std::uint32_t flags) const {
    std::array<std::byte, wire::kCallHeadSize> bytes;
    wire::encode_call_head({ids_.at(name), wire::CallHead::kNoLimit, flags, 0}, bytes);
    return std::string(base::as_text(bytes));
  }
  void call(const std::string& name, std::uint64_t id, std::uint32_t flags) {
    raw_->call(id_, id, head(name, flags));
    world_.settle();
  }
  void send(FrameKind kind, std::uint64_t id, std::uint8_t flags, std::string_view payload = {}) {
    raw_->send({.kind = kind, .flags = flags, .member = id_, .id = id}, payload);
  }
  void grant(std::uint64_t id, std::uint8_t flags, const rpc::Credit& credit) {
    send(FrameKind::credit, id, flags, base::as_text(rpc::encode_credit(credit)));
    world_.settle();
  }
  std::size_t received(FrameKind kind) const {
    return static_cast<std::size_t>(std::count_if(raw_->received.begin(), raw_->received.end(),
                                                  [kind](const auto& frame) { return frame.header.kind == kind; }));
  }
  ErrorCode code_of(const controller::Received& frame) const {
    auto error = wire::decode_error(frame.payload);
    return error.ok() ? error->failure.code : ErrorCode::system;
  }
  std::unique_ptr<detail::ItemStream> open() {
    detail::CallSpec spec;
    spec.name = "yields";
    Writer arguments(detail::kCallHeadroom);
    auto stream = node_->start_stream(spec, arguments);
    EXPECT_TRUE(stream.ok());
    world_.settle();
    return stream.ok() ? std::move(*stream) : nullptr;
  }
  std::shared_ptr<detail::PendingCall> feed(int items) {
    detail::CallSpec spec;
    spec.name = "takes";
    auto fed = node_->feed(spec, std::make_unique<Numbers>(items, made_, gone_), false);
    EXPECT_TRUE(fed.ok());
    world_.settle();
    return fed.ok() ? *fed : nullptr;
  }
  static ErrorCode thrown_by(const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::system;
  }

  controller::World world_;
  net::MemoryHub hub_{world_.loop};
  std::map<std::string, std::uint32_t> ids_;
  std::vector<std::shared_ptr<detail::Responder>> held_;
  int made_ = 0, gone_ = 0;
  std::unique_ptr<Node> node_;
  RawNode* raw_ = nullptr;
  std::uint32_t id_ = 0;
};

}  // namespace daffi::node
