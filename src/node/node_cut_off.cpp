/// @file  Node, members that break the protocol: nothing of them is listened to any more.
#include <algorithm>

#include "base/log.hpp"
#include "node/node_impl.hpp"

namespace daffi::node {

// A member that breaks the rules, those of credit above all, would take this process's memory: nothing of it is
// listened to any more.
void Node::Impl::cut_off(const wire::Header& frame, const std::string& why) {
  // It may have left meanwhile, or be of a connection that has ended: the number is nobody's, or somebody else's.
  if (frame.epoch != epoch.load() || !directory.identity_of(frame.member)) return;
  {
    base::Lock lock(cut_mutex);
    if (!cut_members.insert(frame.member).second) return;
    any_cut.store(true);
  }
  const std::string who = directory.name_of(frame.member);
  const auto failure = base::fail(ErrorCode::protocol, "process '" + who + "' broke the protocol: " + why);
  base::log(LogLevel::error, "node", failure.message + "; it is cut off");
  if ((frame.flags & wire::kFromCallee) == 0) {
    auto payload = wire::encode_error(base::fail(ErrorCode::protocol, "cut off: " + why));
    send_control(wire::FrameKind::error, frame.member, frame.id, payload);
  }
  for (rpc::OutgoingCall* call : calls.take_sent_to(frame.member)) abandon(*call, failure);
  for (rpc::OutgoingCall* call : calls.take_completed_without(frame.member)) finish_broadcast(*call, {});
  // No frame of it is taken any more, so this need not be under the read role.
  server->caller_lost(frame.member);
  values.in.forget_memory_of(frame.member);
  server->after_read();
}

bool Node::Impl::is_cut_off(std::uint32_t member) const {
  base::Lock lock(cut_mutex);
  return cut_members.contains(member);
}

void Node::Impl::avoid_cut_off(rpc::OutgoingCall& call) const {
  std::set<std::uint32_t> cut;
  {
    base::Lock lock(cut_mutex);
    cut = cut_members;
  }
  for (const std::uint32_t member : cut) {
    if (std::find(call.tried.begin(), call.tried.end(), member) == call.tried.end()) call.tried.push_back(member);
  }
  const auto& holders = holders_of(call.spec.name);
  if (!call.refusal && std::ranges::any_of(holders, [&](const Holder& each) { return cut.contains(each.member); })) {
    call.refusal = base::fail(ErrorCode::protocol,
                              "the process that holds '" + call.spec.name + "' broke the protocol and is cut off");
  }
}

void Node::Impl::forget_cut_off(const std::vector<MemberId>& left) {
  base::Lock lock(cut_mutex);
  for (const MemberId member : left) cut_members.erase(member);
  any_cut.store(!cut_members.empty());
}

// Member numbers are of one connection: after the next one they may be somebody else's.
void Node::Impl::forget_all_cut_off() {
  base::Lock lock(cut_mutex);
  cut_members.clear();
  any_cut.store(false);
}

}  // namespace daffi::node
