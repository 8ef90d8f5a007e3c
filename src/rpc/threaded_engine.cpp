/// @file  ThreadedEngine: handler threads between the worker set and the run queue.
#include "rpc/threaded_engine.hpp"

#include <poll.h>

#include <algorithm>
#include <condition_variable>
#include <thread>
#include <vector>

#include "base/atomic_shared.hpp"
#include "base/log.hpp"
#include "base/per_thread.hpp"
#include "base/threads.hpp"
#include "net/wait_sets.hpp"
#include "rpc/pure_callers.hpp"
#include "rpc/run_queue.hpp"
#include "rpc/waiting.hpp"
#include "session/channel.hpp"

namespace daffi::rpc {
namespace {

constexpr auto kTick = std::chrono::milliseconds(1);
constexpr auto kFlushTick = std::chrono::microseconds(100);
constexpr auto kLongestFlushTick = std::chrono::microseconds(400);
constexpr base::Duration kIdle = std::chrono::seconds(10);
constexpr std::size_t kFirstThreads = 2;
constexpr std::uint64_t kMuch = 48 * 1024;

class ThreadedEngine;

// What this thread is doing for which engine.
DAFFI_PER_THREAD const ThreadedEngine* worker_of = nullptr;
DAFFI_PER_THREAD RunQueue::Runner* running_as = nullptr;
// Its last read() brought so much that more is to be expected.
DAFFI_PER_THREAD bool much_came = false;

class ThreadedEngine final : public Engine, public std::enable_shared_from_this<ThreadedEngine> {
 public:
  ThreadedEngine(std::unique_ptr<net::WaitSets> sets, EngineOptions options)
      : options_(options),
        sets_(std::move(sets)),
        queue_(options.max_queued, options.handler_threads),
        waiting_(
            *sets_, options.busy_poll, [this] { return read(); }, [this] { after_lead(); }) {}

  void start() {
    for (std::size_t i = 0; i < kFirstThreads; ++i) add_thread();
  }

  base::Result<void> attach(std::shared_ptr<session::Channel> channel) override;
  void detach() override;
  void want_writable() override { sets_->arm_writable(); }
  void flush_soon() override;

  bool wait(Completion& what, base::Deadline deadline) override;
  void finish(Completion& what) override { waiting_.finish(what); }

  bool submit(Work& work) override { return put(work, false); }
  Work* submit_list(Work* first) override;
  void submit_always(Work& work) override;
  void kick() override;

  bool in_handler() const override { return worker_of == this && running_as != nullptr; }
  void stop(base::Deadline deadline) override;
  EngineStats stats() const override;

 private:
  bool put(Work& work, bool always);
  std::shared_ptr<session::Channel> channel() const;
  bool read();
  void read_bulk();
  void after_lead();
  void add_thread();
  void worker(bool forced);
  void run_queue(bool forced);
  void run_all(RunQueue::Runner& runner);
  void leave_to_others(RunQueue::Runner& runner);
  void keep_reader();
  void on_tick();
  void flush_waiting();
  void choose_readers(bool corking);
  void note_work();
  void refuse_queued();
  void arm_tick(base::Duration span);
  void arm_flush_tick();
  bool may_end();
  void leave();

  const EngineOptions options_;
  const std::unique_ptr<net::WaitSets> sets_;
  RunQueue queue_;
  Waiting waiting_;
  PureCallers pure_callers_;
  const std::size_t cores_ = std::max(1u, std::thread::hardware_concurrency());

  base::AtomicShared<session::Channel> channel_;
  std::atomic<std::size_t> idle_{0};    // threads in wait_worker, or on their way there
  std::atomic<std::size_t> forced_{0};  // takers the tick has asked for
  std::atomic<bool> need_kick_{false};
  std::atomic<bool> tick_armed_{false};
  std::atomic<base::Duration> flush_tick_{kFlushTick};
  std::atomic<bool> tick_for_flush_{false};           // nothing else is expected of the armed tick
  std::atomic<std::uint64_t> uncorked_at_arming_{0};  // Channel::uncorked() then
  std::atomic<bool> stopping_{false};
  std::atomic<bool> pure_{false};  // what pure_callers_ judged last

  mutable base::Mutex mutex_;
  std::condition_variable_any left_;
  std::vector<std::thread> workers_ DAFFI_GUARDED_BY(mutex_);
  std::thread ended_ DAFFI_GUARDED_BY(mutex_);  // has left, and joins the one that left before it
  bool stopped_ DAFFI_GUARDED_BY(mutex_) = false;
  std::atomic<bool> surplus_{false};  // there are more than the first ones; changed under the mutex
  bool spawn_warned_ DAFFI_GUARDED_BY(mutex_) = false;
};

base::Result<void> ThreadedEngine::attach(std::shared_ptr<session::Channel> channel) {
  const int fd = channel->fd();
  channel_.store(channel);
  auto attached = sets_->attach(fd);
  if (!attached.ok()) {
    channel_.store(nullptr);
    return attached;
  }
  // What came behind the handshake is in the reader already and announces itself to nobody.
  sets_->kick_worker();
  return {};
}

void ThreadedEngine::detach() {
  if (const auto channel = channel_.exchange(nullptr)) sets_->detach(channel->fd());
}

std::shared_ptr<session::Channel> ThreadedEngine::channel() const { return channel_.load(); }

// True: there may be more to read, and nobody will be told of it.
bool ThreadedEngine::read() {
  const auto channel = this->channel();
  if (!channel) return false;
  const std::uint64_t before = channel->bytes_received();
  const bool more = channel->pump();
  much_came = channel->bytes_received() - before >= kMuch;
  // A leader goes on to read by itself; no other thread need be woken for each further piece.
  if (much_came && worker_of != this) sets_->leave_input_to_callers();
  return more;
}

// A leader has left. Whoever left input to itself in read() comes here afterwards, so that it is never left to nobody.
void ThreadedEngine::after_lead() {
  if (sets_->input_left_to_callers() && !pure_.load()) sets_->share_input();
}

// A large value is on its way: this thread waits for its pieces by itself, so that no other one is woken for each. It
// stops as soon as there is something to run, nothing comes for a moment, or a caller waits, who then reads.
void ThreadedEngine::read_bulk() {
  if (!much_came || idle_.load() == 0 || queue_.queued() > 0 || waiting_.led()) return;
  const auto channel = this->channel();
  if (!channel) return;
  sets_->leave_input_to_callers();
  bool more = false;
  while (!stopping_.load() && queue_.queued() == 0 && !waiting_.led() && !channel->ended()) {
    if (!more) {
      pollfd input{channel->fd(), POLLIN, 0};
      if (::poll(&input, 1, 1) <= 0) break;
    }
    more = read();
  }
  sets_->share_input();
}

bool ThreadedEngine::wait(Completion& what, base::Deadline deadline) {
  if (what.done()) return true;
  if (const auto channel = this->channel()) channel->flush();
  // A callback that waits stands in nobody's way.
  const bool inside = in_handler();
  if (!inside) pure_callers_.note_wait();
  if (inside) leave_to_others(*running_as);
  return waiting_.wait(what, deadline);
}

// A runner that will be long: what waits is not to wait for it.
void ThreadedEngine::leave_to_others(RunQueue::Runner& runner) {
  if (!queue_.set_aside(runner)) return;
  forced_.fetch_add(1);
  sets_->kick_worker();
}

// What handler threads have to do they had better learn by themselves.
void ThreadedEngine::note_work() {
  pure_callers_.note_work();
  sets_->share_input();
}

bool ThreadedEngine::put(Work& work, bool always) {
  note_work();
  const auto outcome = queue_.put(work, always);
  if (outcome == RunQueue::Put::queued_first) need_kick_.store(true, std::memory_order_relaxed);
  return outcome != RunQueue::Put::refused;
}

Work* ThreadedEngine::submit_list(Work* first) {
  note_work();
  Work* rest = nullptr;
  if (queue_.put_list(first, rest) == RunQueue::Put::queued_first) need_kick_.store(true, std::memory_order_relaxed);
  return rest;
}

void ThreadedEngine::submit_always(Work& work) {
  if (stopping_.load() || !put(work, true)) return work.discard();
  kick();
}

void ThreadedEngine::kick() {
  // A handler thread that has just read runs the queue itself.
  if (worker_of == this && running_as == nullptr) return;
  if (need_kick_.exchange(false)) sets_->kick_worker();
}

void ThreadedEngine::add_thread() {
  bool warn = false;
  {
    base::Lock lock(mutex_);
    if (stopping_.load() || workers_.size() > options_.handler_threads) return;
    idle_.fetch_add(1);
    auto thread = base::try_spawn("daffi-handler", [self = shared_from_this()] { self->worker(true); });
    if (thread.joinable()) {
      workers_.push_back(std::move(thread));
      return surplus_.store(workers_.size() > kFirstThreads);
    }
    idle_.fetch_sub(1);
    warn = !std::exchange(spawn_warned_, true);
  }
  if (warn) base::log(LogLevel::warning, "node", "the system gives no more threads for callbacks");
}

// Born idle: counted as waiting by whoever made it.
void ThreadedEngine::worker(bool born) {
  worker_of = this;
  for (bool first = born; !stopping_.load(); first = false) {
    net::Wake wake;
    if (!first) {
      idle_.fetch_add(1);
      // A time-out costs at every wait; those that stay need none.
      wake = sets_->wait_worker(surplus_.load(std::memory_order_relaxed) ? kIdle : base::Duration::max());
    }
    idle_.fetch_sub(1);
    if (wake.stopped || (wake.timed_out && may_end())) break;
    if (wake.writable) {
      if (const auto channel = this->channel()) channel->on_writable();
    }
    if (wake.ticked) on_tick();
    while (read()) {
      if (queue_.queued() == 0) continue;
      sets_->kick_worker();  // reads on, while this thread runs what has come
      break;
    }
    read_bulk();
    std::size_t forced = forced_.load();
    while (forced > 0 && !forced_.compare_exchange_weak(forced, forced - 1)) {
    }
    run_queue(forced > 0);
  }
  leave();
}

void ThreadedEngine::run_queue(bool forced) {
  need_kick_.store(false, std::memory_order_relaxed);
  RunQueue::Runner runner;
  bool backlog = false;
  const bool begun = queue_.begin(runner, forced, backlog);
  if (backlog) arm_tick(kTick);
  if (!begun) return;
  keep_reader();
  run_all(runner);
  if (const auto channel = this->channel()) channel->flush();
}

void ThreadedEngine::run_all(RunQueue::Runner& runner) {
  running_as = &runner;
  bool last = false;
  while (Work* work = queue_.take(runner, last)) {
    if (work->heavy && queue_.running() < options_.handler_threads) leave_to_others(runner);
    work->run(last);
  }
  running_as = nullptr;
}

// Whoever goes to run callbacks leaves somebody behind to read.
void ThreadedEngine::keep_reader() {
  if (idle_.load() == 0) add_thread();
}

void ThreadedEngine::arm_tick(base::Duration span) {
  tick_for_flush_.store(false);
  if (!tick_armed_.exchange(true)) sets_->arm_tick(span);
}

void ThreadedEngine::flush_soon() {
  // Asked for with every corked frame, and mostly armed already.
  if (!tick_armed_.load()) arm_flush_tick();
}

void ThreadedEngine::arm_flush_tick() {
  if (tick_armed_.exchange(true)) return;
  if (const auto channel = this->channel()) uncorked_at_arming_.store(channel->uncorked());
  tick_for_flush_.store(true);
  sets_->arm_tick(flush_tick_.load());
}

// Threads that cork mostly flush themselves, by waiting: then the tick had better not cut their batches in two. Each
// time that it was not needed it comes later, each time that it was it comes early again.
void ThreadedEngine::flush_waiting() {
  const auto channel = this->channel();
  const bool corked = channel && channel->has_corked();
  if (tick_for_flush_.load() && (!corked || channel->uncorked() != uncorked_at_arming_.load())) {
    flush_tick_.store(std::min<base::Duration>(2 * flush_tick_.load(), kLongestFlushTick));
    if (corked) flush_soon();
  } else if (corked) {
    flush_tick_.store(kFlushTick);
    channel->flush();
  }
}

// While input is left to callers the tick goes on: it is what notices that they do not come any more.
void ThreadedEngine::choose_readers(bool corking) {
  const bool pure = pure_callers_.judge(corking);
  pure_.store(pure);
  if (pure) {
    sets_->leave_input_to_callers();
  } else {
    sets_->share_input();
  }
  if (sets_->input_left_to_callers()) arm_flush_tick();
}

void ThreadedEngine::on_tick() {
  const bool corking = tick_for_flush_.load();
  tick_armed_.store(false);
  flush_waiting();
  choose_readers(corking);
  const auto verdict = queue_.judge(cores_);
  if (verdict.backlog) arm_tick(kTick);
  if (verdict.saturated) refuse_queued();
  if (verdict.takers == 0) return;
  forced_.fetch_add(verdict.takers);
  // This thread is one of them; each of the others needs a wake, or has to be made.
  for (std::size_t more = 1; more < verdict.takers; ++more) {
    if (idle_.load() > more) {
      sets_->kick_worker();
    } else {
      add_thread();
    }
  }
}

// What waits while every thread is stuck could wait for itself: a callback's own nested call.
void ThreadedEngine::refuse_queued() {
  for (Work* work = queue_.take_all(); work != nullptr;) {
    Work* next = work->next;
    if (!work->refuse() && queue_.put(*work, true) == RunQueue::Put::refused) work->discard();
    work = next;
  }
}

bool ThreadedEngine::may_end() {
  base::Lock lock(mutex_);
  return workers_.size() > kFirstThreads && idle_.load() >= kFirstThreads;
}

// Each thread that ends joins the one before it, and stop() the last: what a thread keeps for itself, which the
// language and other libraries destroy at its very end, is gone as well when stop() returns.
void ThreadedEngine::leave() {
  worker_of = nullptr;
  std::thread before;
  {
    base::Lock lock(mutex_);
    const auto own = std::ranges::find(workers_, std::this_thread::get_id(), &std::thread::get_id);
    before = std::exchange(ended_, std::move(*own));
    if (stopped_) ended_.detach();
    workers_.erase(own);
    surplus_.store(workers_.size() > kFirstThreads);
    left_.notify_all();
  }
  if (before.joinable()) before.join();
}

void ThreadedEngine::stop(base::Deadline deadline) {
  stopping_.store(true);
  sets_->stop();
  std::thread last;
  {
    const std::size_t own = worker_of == this ? 1 : 0;
    base::Lock lock(mutex_);
    const auto all_left = [this, own]() DAFFI_REQUIRES(mutex_) { return workers_.size() <= own; };
    if (deadline.is_never()) {
      left_.wait(lock, all_left);
    } else {
      left_.wait_until(lock, deadline.at, all_left);
    }
    stopped_ = true;  // whoever has not left now is not waited for
    last = std::exchange(ended_, {});
  }
  if (last.joinable()) last.join();
  for (Work* work = queue_.close(); work != nullptr;) {
    Work* next = work->next;
    work->discard();
    work = next;
  }
}

EngineStats ThreadedEngine::stats() const {
  base::Lock lock(mutex_);
  return {workers_.size(), queue_.running(), queue_.queued(), sets_->input_left_to_callers()};
}

}  // namespace

base::Result<std::shared_ptr<Engine>> make_threaded_engine(EngineOptions options) {
  auto sets = net::WaitSets::create();
  if (!sets.ok()) return sets.failure();
  auto engine = std::make_shared<ThreadedEngine>(std::move(*sets), options);
  engine->start();
  return std::shared_ptr<Engine>(std::move(engine));
}

}  // namespace daffi::rpc
