/// @file  InlineEngine: a wait moves the loop and its clock.
#include "rpc/inline_engine.hpp"

#include <atomic>
#include <deque>

#include "session/channel.hpp"

namespace daffi::rpc {
namespace {

class InlineEngine final : public Engine, public net::Watcher, public std::enable_shared_from_this<InlineEngine> {
 public:
  InlineEngine(net::VirtualLoop& loop, EngineOptions options) : loop_(loop), options_(options) {}

  base::Result<void> attach(std::shared_ptr<session::Channel> channel) override {
    channel_ = std::move(channel);
    // What came behind the handshake is in the reader already and announces itself to nobody.
    loop_.post([self = weak_from_this()] {
      if (const auto engine = self.lock()) engine->on_ready({true, false});
    });
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
    loop_.post([self = weak_from_this()] {
      const auto engine = self.lock();
      if (!engine) return;
      engine->flush_posted_ = false;
      if (engine->channel_) engine->channel_->flush();
    });
  }

  void on_ready(net::Ready ready) override {
    const auto channel = channel_;
    if (!channel) return;
    if (ready.writable) channel->on_writable();
    if (!ready.readable) return;
    while (channel->pump()) {
    }
  }

  bool wait(Completion& what, base::Deadline deadline) override {
    if (channel_) channel_->flush();
    const auto give_up = base::Deadline::earlier(deadline, base::Deadline::in(loop_.clock(), std::chrono::hours(1)));
    while (!what.done()) {
      if (loop_.step()) continue;
      const auto now = loop_.clock().now();
      if (give_up.passed(now)) break;
      const auto timer = loop_.next_timer();
      const auto until = timer ? std::min(*timer, give_up.at) : give_up.at;
      loop_.advance(std::max(until - now, base::Duration(1)));
    }
    return what.done();
  }

  void finish(Completion& what) override { what.state.fetch_or(Completion::kDone); }

  bool submit(Work& work) override {
    if (queue_.size() >= options_.max_queued || running_ >= options_.handler_threads) return false;
    submit_always(work);
    return true;
  }

  void submit_always(Work& work) override {
    if (stopped_) return work.discard();
    queue_.push_back(&work);
    loop_.post([self = shared_from_this()] { self->run_next(); });
  }

  void kick() override {}
  bool in_handler() const override { return running_ > 0; }
  // The loop may never move again, so what is queued goes now.
  void stop(base::Deadline) override {
    stopped_ = true;
    while (!queue_.empty()) take().discard();
  }
  EngineStats stats() const override { return {1, running_, queue_.size()}; }

 private:
  Work& take() {
    Work& work = *queue_.front();
    queue_.pop_front();
    return work;
  }

  // One task of the loop for each piece of work, in the order of submission.
  void run_next() {
    if (queue_.empty()) return;
    Work& work = take();
    ++running_;
    work.run(true);
    --running_;
  }

  net::VirtualLoop& loop_;
  const EngineOptions options_;
  std::shared_ptr<session::Channel> channel_;
  std::deque<Work*> queue_;
  std::size_t running_ = 0;
  bool stopped_ = false, flush_posted_ = false;
};

}  // namespace

std::shared_ptr<Engine> make_inline_engine(net::VirtualLoop& loop, EngineOptions options) {
  return std::make_shared<InlineEngine>(loop, options);
}

}  // namespace daffi::rpc
