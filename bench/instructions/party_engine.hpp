/// @file  PartyEngine: reads and runs callbacks as a handler thread does, but on the program's only thread; a wait lets
/// the other parties go on.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "instructions/meter.hpp"
#include "rpc/engine.hpp"
#include "session/channel.hpp"

namespace bench {

/// Threads: the program's only one.
class PartyEngine final : public daffi::rpc::Engine,
                          public daffi::net::Watcher,
                          public std::enable_shared_from_this<PartyEngine> {
 public:
  using RunUntil = std::function<void(const std::function<bool()>&)>;
  PartyEngine(daffi::net::Loop& loop, RunUntil run_until) : loop_(loop), run_until_(std::move(run_until)) {}

  daffi::base::Result<void> attach(std::shared_ptr<daffi::session::Channel> channel) override {
    channel_ = std::move(channel);
    // What came behind the handshake is in the reader already and announces itself to nobody.
    loop_.post([self = shared_from_this()] { self->on_ready({true, false}); });
    return channel_->stream().watch(loop_, *this);
  }
  void detach() override {
    if (!channel_) return;
    channel_->stream().unwatch();
    channel_ = nullptr;
  }

  void want_writable() override {}
  void flush_soon() override {
    if (std::exchange(flush_posted_, true)) return;
    loop_.post([self = shared_from_this()] {
      self->flush_posted_ = false;
      if (self->channel_) self->channel_->flush();
    });
  }

  void on_ready(daffi::net::Ready ready) override {
    const auto channel = channel_;
    if (!channel) return;
    reading_ = true;
    if (ready.writable) channel->on_writable();
    if (ready.readable) {
      while (channel->pump()) run_queue();
    }
    reading_ = false;
    run_queue();
    channel->flush();
  }

  bool wait(daffi::rpc::Completion& what, daffi::base::Deadline) override {
    if (what.done()) return true;
    if (channel_) channel_->flush();
    const Meter::Scope pause(Party::nobody);
    run_until_([&what] { return what.done(); });
    return true;
  }
  void finish(daffi::rpc::Completion& what) override { what.state.fetch_or(daffi::rpc::Completion::kDone); }

  bool submit(daffi::rpc::Work& work) override {
    work.next = nullptr;
    *end_ = &work;
    end_ = &work.next;
    return true;
  }
  void submit_always(daffi::rpc::Work& work) override {
    if (stopped_) return work.discard();
    submit(work);
    kick();
  }
  void kick() override {
    if (reading_ || running_ > 0 || std::exchange(run_posted_, true)) return;
    loop_.post([self = shared_from_this()] {
      self->run_posted_ = false;
      self->run_queue();
      if (self->channel_) self->channel_->flush();
    });
  }
  bool in_handler() const override { return running_ > 0; }
  void stop(daffi::base::Deadline) override {
    stopped_ = true;
    while (first_ != nullptr) take().discard();
  }
  daffi::rpc::EngineStats stats() const override { return {1, running_, 0}; }

 private:
  daffi::rpc::Work& take() {
    daffi::rpc::Work& work = *first_;
    first_ = work.next;
    if (first_ == nullptr) end_ = &first_;
    return work;
  }
  void run_queue() {
    while (first_ != nullptr) {
      daffi::rpc::Work& work = take();
      ++running_;
      work.run(first_ == nullptr);
      --running_;
    }
  }

  daffi::net::Loop& loop_;
  const RunUntil run_until_;
  std::shared_ptr<daffi::session::Channel> channel_;
  daffi::rpc::Work* first_ = nullptr;
  daffi::rpc::Work** end_ = &first_;
  std::size_t running_ = 0;
  bool stopped_ = false, flush_posted_ = false, run_posted_ = false, reading_ = false;
};

}  // namespace bench
