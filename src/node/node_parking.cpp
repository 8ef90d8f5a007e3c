/// @file  Node, calls that wait: for their eta, for a controller, or for somebody who can take them.
#include <algorithm>

#include "node/node_impl.hpp"

namespace daffi::node {

std::shared_ptr<session::Channel> Node::Impl::live_channel() const {
  auto live = channel.load();
  return live && !live->ended() ? std::move(live) : nullptr;
}

void Node::Impl::park(rpc::OutgoingCall& call, std::span<const std::byte> frame, base::SteadyTime not_before) {
  const auto now = clock().now();
  base::SteadyTime wake = not_before;
  if (not_before == base::SteadyTime()) {
    const auto wait = live_channel() ? options.grace : options.connect_wait;
    if (!call.patience) call.patience = now + wait;
    wake = std::min(*call.patience, call.deadline.at);
  }
  bool full = false;
  bool unwanted = false;
  {
    base::Lock lock(parked_mutex);
    unwanted = call.unwanted.load();  // whoever gives it up looks for it here after having said so
    full = parked.size() >= options.max_pending_calls;
    if (!full && !unwanted) parked.push_back({&call, std::vector<std::byte>(frame.begin(), frame.end()), not_before});
  }
  if (unwanted) return fail(call, not_taken(call));
  if (full) return fail(call, base::fail(ErrorCode::busy, "too many calls are waiting"));
  schedule(wake);
  // The connection or the directory may have come between the look and the list; so may the end.
  if (not_before == base::SteadyTime() || is_over()) {
    loop.post([self = shared_from_this()] { self->retry_parked(false); });
  }
}

bool Node::Impl::unpark(const rpc::OutgoingCall& call) {
  base::Lock lock(parked_mutex);
  const auto it = std::find_if(parked.begin(), parked.end(), [&](const Parked& p) { return p.call == &call; });
  if (it == parked.end()) return false;
  parked.erase(it);
  return true;
}

// Strand: the loop's thread. Looks at every parked call once.
void Node::Impl::retry_parked(bool directory_changed) {
  std::list<Parked> mine;
  {
    base::Lock lock(parked_mutex);
    mine.swap(parked);
  }
  const auto now = clock().now();
  const bool connected = live_channel() != nullptr;
  while (!mine.empty()) {
    std::list<Parked> one;
    one.splice(one.begin(), mine, mine.begin());
    rpc::OutgoingCall& call = *one.front().call;
    if (auto why = over()) {
      fail(call, std::move(*why));
      continue;
    }
    if (call.deadline.passed(now)) {
      fail(call, timed_out(call));
      continue;
    }
    const bool waits_for_eta = one.front().not_before > now;
    // Without a connection: the next controller gives numbers anew.
    if (directory_changed && (call.bounced || !connected)) {
      call.tried.clear();
      call.bounced = false;
    }
    if (!waits_for_eta && connected) {
      Pick choice = pick(call);
      if (!choice.wait) {
        place(call, one.front().frame, false);
        continue;
      }
      begin_wait(call, choice);
    }
    if (!waits_for_eta && !call.patience) call.patience = now + (connected ? options.grace : options.connect_wait);
    if (!waits_for_eta && *call.patience <= now) {
      fail(call, patience_ended(call));
      continue;
    }
    schedule(waits_for_eta ? one.front().not_before : std::min(*call.patience, call.deadline.at));
    {
      base::Lock lock(parked_mutex);
      if (!call.unwanted.load()) parked.splice(parked.end(), one);
    }
    if (!one.empty()) fail(call, not_taken(call));
  }
}

}  // namespace daffi::node
