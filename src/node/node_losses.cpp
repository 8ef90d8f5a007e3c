/// @file  Node, members that are lost: what becomes of the calls that were sent to them.
#include "node/node_impl.hpp"

namespace daffi::node {

void Node::Impl::directory_changed() {
  const auto losses = directory.take_losses();
  if (any_cut.load()) forget_cut_off(losses.left);
  std::vector<MemberId> with_calls;
  for (const auto& gone : {losses.left, losses.suspended}) {
    for (const MemberId member : gone) {
      // First: whoever sees its call ended finds nothing of it left.
      server->caller_lost(member);
      for (rpc::OutgoingCall* call : calls.take_completed_without(member)) finish_broadcast(*call, {});
      if (calls.pending_on(member) > 0) with_calls.push_back(member);
    }
  }
  if (!with_calls.empty()) ask_for_returned_calls(std::move(with_calls));
  run_due_waits();
  loop.post([self = shared_from_this()] {
    if (!self->channel.load() && self->connecting && self->directory.ready()) self->became_ready(self->connecting);
    self->retry_parked(true);
  });
}

// The news of a loss crosses calls that were on their way to the controller. Those come back, and can be taken by
// others; only what has not come back when the controller answers this may have run.
void Node::Impl::ask_for_returned_calls(std::vector<MemberId> lost_members) {
  std::uint64_t id = 0;
  {
    base::Lock lock(lost_mutex);
    id = next_lost++;
    lost_with_calls.emplace(id, std::move(lost_members));
  }
  send_control(wire::FrameKind::ping, 0, id);
}

void Node::Impl::end_lost_calls(std::uint64_t asked_as) {
  std::vector<MemberId> members;
  {
    base::Lock lock(lost_mutex);
    const auto it = lost_with_calls.find(asked_as);
    if (it == lost_with_calls.end()) return;
    members = std::move(it->second);
    lost_with_calls.erase(it);
  }
  for (const MemberId member : members) {
    const std::string who = directory.name_of(member);
    for (rpc::OutgoingCall* call : calls.take_sent_to(member)) {
      fail(*call, base::fail(ErrorCode::remote_stopped, "Remote process " + who + " stopped unexpectedly."));
    }
  }
}

}  // namespace daffi::node
