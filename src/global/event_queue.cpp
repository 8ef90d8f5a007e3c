/// @file  The two event queues.
#include "global/event_queue.hpp"

#include <deque>
#include <thread>
#include <utility>

#include "base/annotations.hpp"
#include "base/threads.hpp"

namespace daffi::global_ {

namespace {

class ThreadedEvents final : public EventQueue {
 public:
  ThreadedEvents() : state_(std::make_shared<State>()) {}
  ~ThreadedEvents() override {
    finish();
    if (!thread_.joinable()) return;
    // Destroyed inside an event: the thread ends by itself, it only touches the shared state.
    if (running_here())
      thread_.detach();
    else
      thread_.join();
  }

  void post(std::function<void()> event) override {
    const base::Lock lock(state_->mutex);
    if (state_->finished) return;
    state_->events.push_back(std::move(event));
    if (!thread_.joinable()) thread_ = base::spawn("daffi-events", [state = state_] { state->run(); });
    state_->changed.notify_all();
  }

  void finish() override {
    const bool inside = running_here();
    base::Lock lock(state_->mutex);
    state_->finished = true;
    state_->changed.notify_all();
    while (!inside && (state_->busy || !state_->events.empty())) state_->changed.wait(lock);
  }

  bool running_here() const override {
    const base::Lock lock(state_->mutex);
    return state_->runner == std::this_thread::get_id();
  }

 private:
  struct State {
    base::Mutex mutex;
    base::ConditionVariable changed;
    std::deque<std::function<void()>> events DAFFI_GUARDED_BY(mutex);
    bool finished DAFFI_GUARDED_BY(mutex) = false;
    bool busy DAFFI_GUARDED_BY(mutex) = false;
    std::thread::id runner DAFFI_GUARDED_BY(mutex);

    void run() {
      base::Lock lock(mutex);
      runner = std::this_thread::get_id();
      while (!finished || !events.empty()) {
        if (events.empty()) {
          changed.wait(lock);
          continue;
        }
        auto event = std::move(events.front());
        events.pop_front();
        busy = true;
        lock.unlock();
        event();
        event = nullptr;
        lock.lock();
        busy = false;
        changed.notify_all();
      }
    }
  };

  const std::shared_ptr<State> state_;
  std::thread thread_;  // made under the state's mutex
};

class VirtualEvents final : public EventQueue {
 public:
  explicit VirtualEvents(net::Loop& loop) : loop_(loop) {}

  void post(std::function<void()> event) override {
    if (state_->finished) return;
    state_->events.push_back(std::move(event));
    loop_.post([state = state_] { state->run_all(); });
  }
  void finish() override {
    state_->finished = true;
    state_->run_all();
  }
  bool running_here() const override { return state_->running; }

 private:
  struct State {
    std::deque<std::function<void()>> events;
    bool finished = false;
    bool running = false;

    // An event that waits moves the loop: what comes meanwhile runs after it, here.
    void run_all() {
      if (running) return;
      running = true;
      while (!events.empty()) {
        const auto event = std::move(events.front());
        events.pop_front();
        event();
      }
      running = false;
    }
  };

  net::Loop& loop_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace

std::unique_ptr<EventQueue> make_threaded_events() { return std::make_unique<ThreadedEvents>(); }
std::unique_ptr<EventQueue> make_virtual_events(net::Loop& loop) { return std::make_unique<VirtualEvents>(loop); }

}  // namespace daffi::global_
