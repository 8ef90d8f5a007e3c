/// @file  StreamAnswer: a call answered by items and an end.
#pragma once

#include <functional>
#include <memory>

#include "rpc/outgoing_items.hpp"
#include "rpc/request.hpp"

namespace daffi::rpc {

/// What a callback's stream needs of its call. Threads: as ItemsOwner.
class StreamAnswer final : public ItemsOwner {
 public:
  /// `on_end` is called once, behind the last frame.
  StreamAnswer(std::shared_ptr<ServerHost> host, const Answer& answer, std::function<void()> on_end)
      : host_(std::move(host)), over_(host_->connection()), answer_(answer), on_end_(std::move(on_end)) {}

  /// Its items, with the caller as their target. Nothing runs yet.
  static std::shared_ptr<OutgoingItems> make(std::shared_ptr<Engine> engine,
                                             const std::shared_ptr<StreamAnswer>& answer,
                                             std::unique_ptr<detail::ItemProducer> producer);

  void send_item(base::Bytes frame) override {
    if (over_) host_->send_item(frame, *over_);
  }
  void send_part(const wire::Header& part, base::Bytes front, const base::Slice& bytes) override {
    if (over_) host_->send_part(part, front, bytes, *over_);
  }
  std::size_t max_item() const override { return host_->transfers().in.limits().max_value; }
  bool on_first(detail::ItemProducer&) override { return true; }
  void on_end(End end, std::exception_ptr error) override;
  const CallbackEntry* entry() const override { return &answer_.entry(); }
  std::exception_ptr too_large(std::size_t bytes) const override;

 private:
  const std::shared_ptr<ServerHost> host_;
  const std::shared_ptr<session::Channel> over_;
  Answer answer_;
  std::function<void()> on_end_;
  std::weak_ptr<OutgoingItems> items_;
};

}  // namespace daffi::rpc
