/// @file  StreamCall: a call under way that is answered by items, and what its caller holds of it.
#pragma once

#include <functional>
#include <memory>

#include "daffi/detail/item_stream.hpp"
#include "node/pending.hpp"
#include "rpc/incoming_items.hpp"
#include "rpc/outgoing_call.hpp"
#include "rpc/server.hpp"

namespace daffi::node {

/// Keeps itself alive until it has settled; its caller's handle after that. Strand: as OutgoingCall.
class StreamCall final : public rpc::OutgoingCall, public std::enable_shared_from_this<StreamCall> {
 public:
  StreamCall(detail::CallSpec call_spec, rpc::ValueLimits limits)
      : OutgoingCall(own_spec_),
        own_spec_(std::move(call_spec)),
        items_(std::make_shared<rpc::IncomingItems>(std::move(limits))) {}
  void hold() { self_ = shared_from_this(); }
  /// The last item has come, or the error after it.
  void settle(rpc::Engine& engine) override;
  std::shared_ptr<rpc::IncomingItems> incoming() override { return items_; }
  rpc::IncomingItems& items() { return *items_; }
  /// The failure of a call that has ended without having been sent.
  std::optional<base::Failure> refused() const;

 private:
  const detail::CallSpec own_spec_;
  const std::shared_ptr<rpc::IncomingItems> items_;
  std::shared_ptr<StreamCall> self_;
};

/// The caller's end. Threads: one at a time.
class CallerStream final : public detail::ItemStream {
 public:
  /// `cancel` ends a call that has not settled.
  CallerStream(std::shared_ptr<StreamCall> call, std::shared_ptr<rpc::Engine> engine,
               std::weak_ptr<rpc::ServerHost> host, std::function<void(StreamCall&)> cancel,
               std::function<void()> on_close)
      : call_(std::move(call)),
        engine_(std::move(engine)),
        host_(std::move(host)),
        cancel_(std::move(cancel)),
        on_close_(std::move(on_close)) {}
  ~CallerStream() override { close(); }

  bool ready() override;
  bool next(std::span<const std::byte>& item) override;
  std::uint32_t from() const override { return call_->items().from(); }
  void on_ready(std::function<void()> task) override;
  void close() override;

 private:
  void grant(const std::optional<rpc::Credit>& credit);

  const std::shared_ptr<StreamCall> call_;
  const std::shared_ptr<rpc::Engine> engine_;
  const std::weak_ptr<rpc::ServerHost> host_;
  const std::function<void(StreamCall&)> cancel_;
  std::function<void()> on_close_;
  const base::HomeProcess home_;
};

}  // namespace daffi::node
