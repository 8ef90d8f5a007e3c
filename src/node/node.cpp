/// @file  Node, its life: starting, callbacks, timers, events, stopping.
#include "node/node.hpp"

#include "base/log.hpp"
#include "base/random.hpp"
#include "node/node_impl.hpp"
#include "node/registration.hpp"
#include "rpc/inside.hpp"
#include "rpc/interrupt.hpp"
#include "rpc/task_work.hpp"
#include "wire/messages.hpp"

namespace daffi::node {
namespace {

// How long stop() waits for calls without a result to be acknowledged, and for the last bytes to leave.
constexpr auto kFlushLimit = std::chrono::seconds(5);
constexpr auto kGoodbyeLimit = std::chrono::seconds(1);
constexpr auto kDrainSeenLimit = std::chrono::seconds(1);

std::atomic<std::uint64_t> next_serial{1};

}  // namespace

Node::Impl::Impl(net::Loop& node_loop, std::shared_ptr<rpc::Engine> node_engine, Options node_options,
                 Events node_events)
    : serial(next_serial.fetch_add(1)),
      loop(node_loop),
      engine(std::move(node_engine)),
      options(std::move(node_options)),
      events(std::move(node_events)),
      directory(options.process_name),
      calls(options.max_pending_calls),
      values(
          options.max_message_size, std::max(options.max_arriving_bytes, options.max_message_size),
          [this](const wire::Header& header, const base::Slice& chunk, bool more) { send_chunk(header, chunk, more); }),
      heartbeat_timer(loop),
      due_timer(loop),
      away_timer(loop) {}

void Node::Impl::begin(std::unique_ptr<net::Connector> connector) {
  // A circle, so that a coroutine which answers late still finds us; ~Node opens it.
  server = std::make_shared<rpc::Server>(
      engine, shared_from_this(), options.language,
      rpc::Server::Limits{options.max_queued_bytes, options.max_streams, options.max_message_size});
  async_support = std::make_shared<const AsyncCall::Support>(
      AsyncCall::Support{engine, clock(), [weak = weak_from_this()](AsyncCall& call) {
                           if (const auto self = weak.lock()) self->cancel(call);
                         }});
  make_schedules();
  serve_code();
  session::Presentation me;
  me.process_name = options.process_name;
  me.language = options.language;
  base::random_bytes(me.instance_token);
  if (options.observer) me.flags |= wire::Hello::kObserver;
  link = std::make_unique<Link>(loop, std::move(connector), std::move(me), options.secrets, *this);
}

// Runs `task` on the loop's thread and waits for its end.
void Node::Impl::on_loop(std::function<void()> task) {
  if (loop.in_loop_thread()) return task();
  const rpc::WaitInterrupt none(nullptr);  // what is posted refers to this frame
  rpc::Completion done;
  loop.post([&] {
    task();
    engine->finish(done);
  });
  engine->wait(done, base::Deadline::never());
}

base::Result<void> Node::Impl::start() {
  if (auto restored = restore_schedules(); !restored.ok()) return restored;
  loop.post([self = shared_from_this()] {
    if (!self->stopping.load()) self->link->start();
  });
  const auto deadline =
      options.connect_timeout ? base::Deadline::in(clock(), *options.connect_timeout) : base::Deadline::never();
  const bool in_time = engine->wait(up, deadline);
  std::optional<base::Failure> failure;
  {
    base::Lock lock(start_mutex);
    failure = give_up_reason;
  }
  if (!in_time) {
    base::Lock lock(start_mutex);
    failure = base::fail(ErrorCode::connect_timeout, "no controller answered at " + link->target() + " in time" +
                                                         (last_attempt.empty() ? "" : ": " + last_attempt));
  }
  if (!failure && stopping.load()) failure = base::fail(ErrorCode::stopped, "Global was stopped while it started");
  if (!failure) return {};
  stop(base::Duration::zero());
  return *failure;
}

void Node::Impl::post_event(std::function<void()> event) {
  {
    base::Lock lock(events_mutex);
    event_queue.push_back(std::move(event));
    if (std::exchange(events_running, true)) return;
  }
  engine->submit_always(*rpc::make_task([self = shared_from_this()] { self->run_events(); }));
}

// One after the other, in order, never two at once.
void Node::Impl::run_events() {
  for (;;) {
    std::function<void()> event;
    {
      base::Lock lock(events_mutex);
      if (event_queue.empty()) {
        events_running = false;
        return;
      }
      event = std::move(event_queue.front());
      event_queue.pop_front();
    }
    event();
  }
}

Node::Added Node::Impl::add_callback(detail::CallbackSpec spec) {
  auto added = server->callbacks().add(std::move(spec));
  wire::Register changes;
  if (const auto entry = server->callbacks().find(added.id)) {
    changes.added.push_back(to_registration(*entry, options.language));
  }
  if (added.replaced) changes.removed.push_back(added.replaced->id);
  set_own_callbacks();
  announce(std::move(changes));
  schedules->callbacks_changed();
  return {added.id, std::move(added.replaced)};
}

void Node::Impl::remove_callback(RegistrationId id) {
  auto entry = server->callbacks().remove(id);
  if (entry) {
    set_own_callbacks();
    wire::Register changes;
    changes.removed.push_back(id);
    announce(std::move(changes));
  } else {
    // One that was replaced is known to nobody any more, and calls may still be inside.
    entry = server->callbacks().replaced(id);
  }
  if (!entry) return;
  const bool inside = rpc::InsideScope::contains(*entry);
  // Whoever reads a stream slowly, or not at all, must not be waited for.
  if (!inside) server->end_streams_of(*entry);
  server->callbacks().wait_until_left(*entry, inside ? 1 : 0, *engine);
}

void Node::Impl::set_own_callbacks() {
  std::vector<std::pair<std::string, std::shared_ptr<const Signature>>> own;
  for (const auto& entry : server->callbacks().all()) {
    own.emplace_back(entry->spec.name, std::shared_ptr<const Signature>(entry, &entry->spec.signature));
  }
  directory.set_own_callbacks(own);
  run_due_waits();
}

// Told to the controller on the loop's thread, so that what is announced keeps the order of what was done; waited for,
// so that it is ahead of whatever this thread sends next.
void Node::Impl::announce(wire::Register changes) {
  on_loop([&] {
    if (!connecting) return;
    for (const auto& frame : to_frames(std::move(changes))) {
      const auto payload = wire::encode(frame);
      send_control(wire::FrameKind::register_, 0, 0, payload);
    }
  });
}

// Makes sure that on_timer() runs at `when`, or earlier.
void Node::Impl::schedule(base::SteadyTime when) {
  const auto count = when.time_since_epoch().count();
  auto next = next_due.load();
  do {
    if (next <= count) return;
  } while (!next_due.compare_exchange_weak(next, count));
  auto task = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const base::SteadyTime due{base::Duration(self->next_due.load())};
    if (due != base::SteadyTime::max()) self->due_timer.at(due, [self = self.get()] { self->on_timer(); });
  };
  loop.in_loop_thread() ? task() : loop.post(std::move(task));
}

void Node::Impl::on_timer() {
  next_due.store(base::SteadyTime::max().time_since_epoch().count());
  const auto now = clock().now();
  for (rpc::OutgoingCall* call : calls.take_expired(now)) abandon(*call, timed_out(*call));
  const auto next = calls.next_deadline();
  if (!next.is_never()) schedule(next.at);
  retry_parked(false);
  expire_feeds(now);
  server->expire(now);
  expire_waits(now);
}

void Node::Impl::begin_drain() {
  if (draining.exchange(true)) return;
  server->begin_drain();
  schedules->hold();
  wire::Register changes;
  changes.flags |= wire::Register::kDraining;
  announce(std::move(changes));
}

// The controller lets no call through to who is draining; what it had let through comes before its news of that, and is
// answered. Without this a call that crosses the goodbye would be lost with the connection.
void Node::Impl::await_end_of_calls(base::Deadline deadline) {
  if (options.observer) return;
  const auto seen = [this] {
    if (!channel.load()) return true;
    const auto self = directory.find_process(options.process_name);
    return !self || self->draining;
  };
  (void)wait_for(seen, "the end of calls", deadline);
}

void Node::Impl::stop(base::Duration limit) {
  const rpc::WaitInterrupt none(nullptr);
  if (stop_done.load()) return;
  const auto deadline = base::Deadline::in(clock(), limit);
  begin_drain();
  await_end_of_calls(base::Deadline::earlier(deadline, base::Deadline::in(clock(), kDrainSeenLimit)));
  (void)server->wait_idle(deadline);
  {
    rpc::Completion flushed;
    bool wait = false;
    {
      base::Lock lock(fires_mutex);
      wait = fires > 0 && fires_done == nullptr && channel.load() != nullptr;
      if (wait) fires_done = &flushed;
    }
    if (wait)
      (void)engine->wait(
          flushed, base::Deadline::in(
                       clock(), std::min<base::Duration>(
                                    kFlushLimit, std::max<base::Duration>(limit, std::chrono::milliseconds(100)))));
    base::Lock lock(fires_mutex);
    if (wait && fires_done == &flushed) fires_done = nullptr;
  }
  // Results that are being sent in chunks, until they have been taken.
  values.out.wait_settled(*engine, base::Deadline::earlier(deadline, base::Deadline::in(clock(), kFlushLimit)));
  if (stopping.exchange(true)) return;
  server->all_callers_lost(true);
  on_loop([&] { schedules->stop(); });
  std::size_t dropped = 0;
  {
    base::Lock lock(parked_mutex);
    for (const auto& entry : parked) dropped += entry.not_before > clock().now() ? 1 : 0;
  }
  if (dropped > 0) {
    base::log(LogLevel::warning, "node",
              std::to_string(dropped) + " calls whose eta has not come are dropped by stop()");
  }
  on_loop([&] {
    link->stop();
    heartbeat_timer.cancel();
    away_timer.cancel();
    if (!connecting) return;
    const auto goodbye = wire::encode(wire::Close{base::CloseReason::goodbye, "stopped"});
    send_control(wire::FrameKind::close, 0, 0, goodbye);
  });
  if (const auto last = channel.load()) last->drain(base::Deadline::in(base::Clock::system(), kGoodbyeLimit));
  calls.close();
  on_loop([&] {
    due_timer.cancel();
    engine->detach();
    channel.store(nullptr);
    answering.store(nullptr);
    if (const auto own = std::exchange(connecting, nullptr)) own->end(base::CloseReason::local_stop, "stopped");
    for (rpc::OutgoingCall* call : calls.take_all()) fail(*call, ended_by_stop(*call));
    retry_parked(false);
  });
  run_due_waits();
  engine->finish(up);
  bool tell = false;
  {
    base::Lock lock(events_mutex);
    tell = std::exchange(told_connected, false);
  }
  if (tell && events.disconnected) events.disconnected("stopped");
  engine->stop(base::Deadline::earlier(deadline, base::Deadline::in(clock(), options.drain_timeout)));
  stop_done.store(true);
}

Stats Node::Impl::stats() const {
  const auto served = server->stats();
  const auto threads = engine->stats();
  Stats stats;
  stats.pending_calls = calls.size();
  stats.running_calls = served.running;
  stats.queued_requests = served.queued;
  stats.handler_threads = threads.threads;
  stats.transfers = values.out.size() + values.in.size();
  stats.calls_sent = calls_sent.load();
  stats.calls_served = served.served;
  stats.late_replies = late_replies.load();
  stats.bounced = bounced.load();
  stats.resent = resent.load();
  stats.refused_busy = served.refused_busy;
  stats.refused_draining = served.refused_draining;
  stats.reconnects = reconnects.load();
  stats.expired_unrun = served.expired_unrun;
  const auto tasks = schedules->stats();
  stats.scheduled_tasks = tasks.tasks;
  stats.scheduled_runs = tasks.runs;
  stats.skipped_runs = tasks.skipped;
  return stats;
}

Node::Node(net::Loop& loop, std::shared_ptr<rpc::Engine> engine, std::unique_ptr<net::Connector> connector,
           Options options, Events events)
    : impl_(std::make_shared<Impl>(loop, std::move(engine), std::move(options), std::move(events))) {
  impl_->begin(std::move(connector));
}

Node::~Node() {
  stop(base::Duration::zero());
  impl_->on_loop([this] { impl_->link = nullptr; });
  impl_->schedules = nullptr;
  impl_->server = nullptr;
}

base::Result<void> Node::start() { return impl_->start(); }
void Node::stop(base::Duration limit) { impl_->stop(limit); }
bool Node::stopped() const { return impl_->stopping.load(); }
void Node::begin_drain() { impl_->begin_drain(); }

Node::Added Node::add_callback(detail::CallbackSpec spec) { return impl_->add_callback(std::move(spec)); }
void Node::remove_callback(RegistrationId id) { impl_->remove_callback(id); }

void Node::add_system_callback(rpc::SystemCallback id, std::string name, rpc::SystemHandler handler) {
  impl_->server->callbacks().add_system(id, std::move(name), std::move(handler));
}

void Node::add_code_runner(std::string kind, std::shared_ptr<rpc::CodeRunner> runner) {
  impl_->code->add_runner(std::move(kind), std::move(runner));
}

base::Result<void> Node::call(const detail::CallSpec& spec, Writer& arguments, detail::Reply& reply) {
  return impl_->call(spec, arguments, reply);
}
bool Node::sends_at_once() const {
  const auto over = impl_->channel.load();
  return over && !over->crowded();
}

base::Result<std::shared_ptr<detail::PendingCall>> Node::start_call(detail::SharedSpec spec, Writer& arguments) {
  return impl_->start_call(std::move(spec), arguments);
}

base::Result<std::unique_ptr<detail::ItemStream>> Node::start_stream(const detail::CallSpec& spec, Writer& arguments) {
  return impl_->start_stream(spec, arguments);
}
base::Result<std::shared_ptr<detail::PendingCall>> Node::feed(const detail::CallSpec& spec,
                                                              std::unique_ptr<detail::ItemProducer> source, bool here) {
  return impl_->feed(spec, std::move(source), here);
}

std::optional<wire::Identity> Node::identity_of(const std::string& process) const {
  const auto at = impl_->directory.find_process(process);
  if (!at) return std::nullopt;
  return impl_->caller(at->member).identity;
}
std::map<std::string, std::vector<std::string>> Node::registered_callbacks() const {
  return impl_->directory.registered_callbacks();
}
std::vector<MemberView> Node::members() const { return impl_->directory.members(); }

base::Result<void> Node::wait_process(const std::string& name, base::Deadline deadline) {
  return impl_->wait_for([this, name] { return impl_->directory.has_process(name); }, "process '" + name + "'",
                         deadline);
}
base::Result<void> Node::wait_function(const std::string& name, base::Deadline deadline) {
  return impl_->wait_for([this, name] { return impl_->directory.has_function(name); }, "callback '" + name + "'",
                         deadline);
}
void Node::wait_process_async(const std::string& name, base::Deadline deadline,
                              std::function<void(base::Result<void>)> done) {
  impl_->wait_for_async([impl = impl_.get(), name] { return impl->directory.has_process(name); },
                        "process '" + name + "'", deadline, std::move(done));
}
void Node::wait_function_async(const std::string& name, base::Deadline deadline,
                               std::function<void(base::Result<void>)> done) {
  impl_->wait_for_async([impl = impl_.get(), name] { return impl->directory.has_function(name); },
                        "callback '" + name + "'", deadline, std::move(done));
}
base::Result<std::string> Node::documentation(const std::string& process, const std::string& callback,
                                              base::Deadline deadline) {
  return impl_->documentation(process, callback, deadline);
}

void Node::post(std::function<void()> task) { impl_->engine->submit_always(*rpc::make_task(std::move(task))); }
bool Node::connected() const { return impl_->channel.load() != nullptr; }
Stats Node::stats() const { return impl_->stats(); }
const Options& Node::options() const { return impl_->options; }

}  // namespace daffi::node
