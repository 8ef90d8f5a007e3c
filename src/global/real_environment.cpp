/// @file  The environment of programs: a loop with a thread of its own, sockets, handler threads.
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "global/environment.hpp"
#include "net/fd_stream.hpp"
#include "rpc/threaded_engine.hpp"

namespace daffi::global_ {

namespace {

class RealEnvironment final : public Environment {
 public:
  explicit RealEnvironment(std::unique_ptr<net::LoopThread> thread) : thread_(std::move(thread)) {}

  net::Loop& loop() override { return thread_->loop(); }
  void on_loop(const std::function<void()>& task) override { thread_->run_and_wait(task); }
  base::Result<std::shared_ptr<rpc::Engine>> make_engine(const rpc::EngineOptions& options) override {
    return rpc::make_threaded_engine(options);
  }
  std::unique_ptr<EventQueue> make_events() override { return make_threaded_events(); }

  std::unique_ptr<net::Connector> make_connector(const Plan& plan) override {
    return net::make_connector(loop(), plan.endpoint, plan.tls);
  }

  base::Result<std::pair<std::unique_ptr<net::Stream>, std::unique_ptr<net::Stream>>> make_own_connection() override {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
      return base::fail(ErrorCode::system, "socketpair: " + std::generic_category().message(errno));
    std::pair<std::unique_ptr<net::Stream>, std::unique_ptr<net::Stream>> pair;
    pair.first = std::make_unique<net::FdStream>(net::Descriptor(ends[0]));
    pair.second = std::make_unique<net::FdStream>(net::Descriptor(ends[1]));
    return pair;
  }

  base::Result<net::Endpoint> listen(controller::Controller& controller, const Plan& plan) override {
    return controller.listen(plan.endpoint, plan.tls);
  }

 private:
  std::unique_ptr<net::LoopThread> thread_;
};

}  // namespace

base::Result<std::unique_ptr<Environment>> make_real_environment() {
  auto thread = net::LoopThread::start();
  if (!thread.ok()) return std::move(thread).failure();
  return std::unique_ptr<Environment>(std::make_unique<RealEnvironment>(std::move(thread).value()));
}

}  // namespace daffi::global_
