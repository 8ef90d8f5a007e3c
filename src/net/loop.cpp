/// @file  Timer, and LoopThread: a real loop with a thread of its own.
#include "net/loop.hpp"

#include <cassert>
#include <future>
#include <mutex>
#include <thread>

#include "base/threads.hpp"
#include "net/epoll_loop.hpp"

namespace daffi::net {

void Timer::at(base::SteadyTime when, std::function<void()> task) {
  cancel();
  // The id goes first, so that the task may set the timer again, or destroy it.
  id_ = loop_.add_timer(when, [this, task = std::move(task)] {
    id_ = 0;
    task();
  });
}

void Timer::cancel() {
  if (id_ != 0) loop_.cancel_timer(std::exchange(id_, 0));
}

struct LoopThread::Impl {
  std::unique_ptr<EpollLoop> loop;
  std::thread thread;
  std::mutex joining;  ///< held by the one who joins, and by those who run tasks afterwards
};

LoopThread::LoopThread(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

base::Result<std::unique_ptr<LoopThread>> LoopThread::start() {
  auto loop = EpollLoop::create();
  if (!loop) return std::move(loop).failure();
  auto impl = std::make_unique<Impl>();
  impl->loop = std::move(loop).value();
  impl->loop->disown();
  impl->thread = base::try_spawn("daffi-loop", [&loop = *impl->loop] { loop.run(); });
  if (!impl->thread.joinable()) return base::fail(ErrorCode::system, "cannot start a thread for the event loop");
  return std::unique_ptr<LoopThread>(new LoopThread(std::move(impl)));
}

LoopThread::~LoopThread() { stop(); }

Loop& LoopThread::loop() { return *impl_->loop; }

void LoopThread::run_and_wait(const std::function<void()>& task) {
  if (loop().in_loop_thread()) return task();
  // A task that the ended loop drops takes its promise along, which ends the wait too.
  bool ran = false;
  auto promise = std::make_shared<std::promise<void>>();
  auto end = promise->get_future();
  loop().post([&task, &ran, promise = std::move(promise)] {
    task();
    ran = true;
    promise->set_value();
  });
  end.wait();
  if (ran) return;
  stop();
  const std::lock_guard lock(impl_->joining);
  impl_->loop->adopt();
  task();
}

void LoopThread::stop() {
  impl_->loop->stop();
  if (impl_->thread.get_id() == std::this_thread::get_id()) return;
  const std::lock_guard lock(impl_->joining);
  if (!impl_->thread.joinable()) return;
  impl_->thread.join();
  impl_->loop->adopt();
}

}  // namespace daffi::net
