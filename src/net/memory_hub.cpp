/// @file  MemoryHub: connecting is a posted task that makes a pair and hands out its ends.
#include <cassert>

#include "net/memory.hpp"

namespace daffi::net {

struct MemoryHub::Impl {
  explicit Impl(Loop& its_loop) : loop(its_loop) {}
  Loop& loop;
  std::shared_ptr<Listener::OnStream> on_stream;  ///< shared: it may be replaced while it runs
};

namespace {

using OnLink = std::function<void(std::shared_ptr<MemoryLink>)>;
using FindListener = std::function<std::shared_ptr<Listener::OnStream>()>;

class MemoryConnector final : public Connector {
 public:
  MemoryConnector(Loop& loop, FindListener find_listener, OnLink on_link)
      : loop_(loop), find_listener_(std::move(find_listener)), on_link_(std::move(on_link)) {}

  void connect(base::Deadline deadline, Done done) override {
    cancel();
    attempt_ = std::make_shared<Done>(std::move(done));
    loop_.post([this, deadline, attempt = std::weak_ptr(attempt_)] {
      if (!attempt.expired()) finish(deadline);
    });
  }
  void cancel() override { attempt_.reset(); }
  std::string target() const override { return "memory"; }

 private:
  // `done` may destroy this connector; so may the listener, or cancel(), which the weak pointer tells.
  void finish(base::Deadline deadline) {
    const std::weak_ptr<Done> attempt = attempt_;
    auto outcome = make_streams(deadline);
    const auto done = attempt.lock();
    if (!done) return;
    attempt_.reset();
    (*done)(std::move(outcome));
  }

  base::Result<std::unique_ptr<Stream>> make_streams(base::Deadline deadline) {
    if (deadline.passed(loop_.clock().now())) {
      return base::fail(ErrorCode::connect_timeout, "memory did not answer in time");
    }
    const auto listener = find_listener_();
    if (!listener) return base::fail(ErrorCode::no_controller, "connection refused by memory");
    MemoryPair pair = make_memory_pair();
    if (on_link_) on_link_(pair.link);
    (*listener)(std::move(pair.b));
    return std::move(pair.a);
  }

  Loop& loop_;
  const FindListener find_listener_;
  const OnLink on_link_;
  std::shared_ptr<Done> attempt_;
};

}  // namespace

MemoryHub::MemoryHub(Loop& loop) : impl_(std::make_shared<Impl>(loop)) {}

MemoryHub::~MemoryHub() { impl_->on_stream.reset(); }

void MemoryHub::listen(Listener::OnStream on_stream) {
  impl_->on_stream = on_stream ? std::make_shared<Listener::OnStream>(std::move(on_stream)) : nullptr;
}

std::unique_ptr<Connector> MemoryHub::connector(OnLink on_link) {
  return std::make_unique<MemoryConnector>(
      impl_->loop, [impl = impl_] { return impl->on_stream; }, std::move(on_link));
}

}  // namespace daffi::net
