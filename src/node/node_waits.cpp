/// @file  Node, waiting for others: for processes and callbacks to appear, and for documentation texts.
#include "node/node_impl.hpp"
#include "rpc/task_work.hpp"
#include "wire/messages.hpp"

namespace daffi::node {
namespace {

base::Failure not_in_time(const std::string& what) {
  return base::fail(ErrorCode::wait_timeout, what + " did not appear in time");
}

}  // namespace

void Node::Impl::run_due_waits() {
  for (auto& done : directory.take_due()) done();
}

base::Failure Node::Impl::over_while_waiting(const std::string& what) const {
  if (stopping.load()) return base::fail(ErrorCode::stopped, "Global was stopped while waiting for " + what);
  return *over();
}

base::Result<void> Node::Impl::wait_for(const Directory::Check& check, const std::string& what,
                                        base::Deadline deadline) {
  const auto ended = [this, check] { return is_over() || check(); };
  if (check()) return {};
  rpc::Completion found;
  std::atomic<bool> finished{false};
  const std::uint64_t id = directory.when(ended, [&] {
    engine->finish(found);
    finished.store(true);
  });
  if (id == 0) return base::fail(ErrorCode::busy, "too many waits are under way");
  run_due_waits();
  (void)engine->wait(found, deadline);
  // What is no longer there to be forgotten has been handed out, and refers to this stack until it is finished.
  if (!directory.forget_wait(id)) {
    while (!finished.load()) std::this_thread::yield();
  }
  if (check()) return {};
  if (is_over()) return over_while_waiting(what);
  return not_in_time(what);
}

void Node::Impl::wait_for_async(const Directory::Check& check, const std::string& what, base::Deadline deadline,
                                std::function<void(base::Result<void>)> done) {
  struct State {
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> id{0};
    std::function<void(base::Result<void>)> done;
  };
  auto state = std::make_shared<State>();
  state->done = std::move(done);
  const auto end = [self = shared_from_this(), state](base::Result<void> result) {
    if (state->over.exchange(true)) return;
    {
      base::Lock lock(self->waits_mutex);
      self->timed_waits.erase(state->id.load());
    }
    auto shared = std::make_shared<base::Result<void>>(std::move(result));
    self->engine->submit_always(*rpc::make_task([state, shared] { state->done(std::move(*shared)); }));
  };
  const std::uint64_t id = directory.when([this, check] { return is_over() || check(); },
                                          [this, check, what, end] {
                                            if (check()) return end({});
                                            end(over_while_waiting(what));
                                          });
  if (id == 0) return end(base::fail(ErrorCode::busy, "too many waits are under way"));
  if (!deadline.is_never()) {
    {
      base::Lock lock(waits_mutex);
      state->id.store(id);
      if (!state->over.load()) timed_waits[id] = {deadline.at, [end, what] { end(not_in_time(what)); }};
    }
    schedule(deadline.at);
  }
  run_due_waits();
}

// Strand: the loop's thread.
void Node::Impl::expire_waits(base::SteadyTime now) {
  std::vector<std::function<void()>> expired;
  {
    base::Lock lock(waits_mutex);
    for (auto it = timed_waits.begin(); it != timed_waits.end();) {
      if (it->second.until > now) {
        schedule(it->second.until);
        ++it;
        continue;
      }
      directory.forget_wait(it->first);
      expired.push_back(std::move(it->second.expired));
      it = timed_waits.erase(it);
    }
  }
  for (auto& end : expired) end();
}

base::Result<std::string> Node::Impl::documentation(const std::string& process, const std::string& callback,
                                                    base::Deadline deadline) {
  const auto holder = directory.find_at(process, callback);
  if (!holder) return base::fail(ErrorCode::unknown_process, directory.unknown_receiver_text(process, callback));
  Asked mine;
  std::uint64_t id = 0;
  {
    base::Lock lock(waits_mutex);
    id = next_asked++;
    asked[id] = &mine;
  }
  wire::Describe question;
  question.items.push_back({holder->member, holder->callback_id});
  const auto payload = wire::encode(question);
  send_control(wire::FrameKind::describe, 0, id, payload);
  (void)engine->wait(mine.done, base::Deadline::earlier(deadline, base::Deadline::in(clock(), options.connect_wait)));
  base::Lock lock(waits_mutex);
  asked.erase(id);
  if (mine.text) return *mine.text;
  return base::fail(ErrorCode::wait_timeout, "the controller did not answer in time");
}

void Node::Impl::on_described(const wire::Frame& frame) {
  const auto answer = wire::decode<wire::Described>(frame.payload);
  base::Lock lock(waits_mutex);
  const auto it = asked.find(frame.header.id);
  if (it == asked.end()) return;
  it->second->text = answer.ok() && !answer->items.empty() ? answer->items[0].doc : std::string();
  engine->finish(it->second->done);
  asked.erase(it);
}

}  // namespace daffi::node
