/// @file  Node, members that are lost: what becomes of the calls that were sent to them.
#include "node/node_impl.hpp"

namespace daffi::node {

// Under the read role: a member may be back with the next frame, and what it sends from then on, and is sent, is not
// lost. Behind a snapshot it may be back already, and what it is sent meanwhile counts as lost, too.
void Node::Impl::note_losses(std::vector<rpc::CallTable::Answered>& sent, std::vector<rpc::OutgoingCall*>& gathered) {
  const auto losses = directory.take_losses();
  if (any_cut.load()) forget_cut_off(losses.left);
  for (const MemberId member : losses.left) values.in.forget_memory_of(member);
  for (const auto& gone : {losses.left, losses.suspended}) {
    for (const MemberId member : gone) {
      server->caller_lost(member);
      for (rpc::OutgoingCall* call : calls.take_completed_without(member)) gathered.push_back(call);
      if (calls.pending_on(member) == 0) continue;
      for (const auto& call : calls.sent_to(member)) sent.push_back(call);
    }
  }
}

void Node::Impl::directory_changed() {
  run_due_waits();
  loop.post([self = shared_from_this()] {
    if (!self->channel.load() && self->connecting && self->directory.ready()) self->became_ready(self->connecting);
    self->retry_parked(true);
  });
}

// The news of a loss crosses calls that were on their way to the controller. Those come back, and can be taken by
// others; only what has not come back when the controller answers this may have run.
void Node::Impl::ask_for_returned_calls(std::vector<rpc::CallTable::Answered> sent) {
  std::uint64_t id = 0;
  {
    base::Lock lock(lost_mutex);
    id = next_lost++;
    lost_with_calls.emplace(id, std::move(sent));
  }
  send_control(wire::FrameKind::ping, 0, id);
}

void Node::Impl::end_lost_calls(std::uint64_t asked_as) {
  std::vector<rpc::CallTable::Answered> sent;
  {
    base::Lock lock(lost_mutex);
    const auto it = lost_with_calls.find(asked_as);
    if (it == lost_with_calls.end()) return;
    sent = std::move(it->second);
    lost_with_calls.erase(it);
  }
  calls.take(sent);
  for (const auto& [id, member, call] : sent) {
    if (call == nullptr) continue;
    // Back by now, it may have begun a stream that crossed the news, or wait for the rest of large arguments. The many
    // others are not cancelled one by one: that would be a flood.
    if ((call->incoming() || call->outgoing() || call->chunked) && directory.is_present(member)) {
      send_control(wire::FrameKind::cancel, member, id);
    }
    forget_transfers(*call);
    fail(*call, base::fail(ErrorCode::remote_stopped,
                           "Remote process " + directory.name_of(member) + " stopped unexpectedly."));
  }
}

}  // namespace daffi::node
