/// @file  Broadcasts: one frame in, one call out to every other member that holds the callback.
#include <array>

#include "controller/impl.hpp"

namespace daffi::controller {

using wire::FrameKind;

void Controller::Impl::broadcast(Session& from, const wire::Frame& frame) {
  if (frame.header.flags != 0) {
    return expel(from, base::CloseReason::protocol_error, "a broadcast with flags, which it has none of");
  }
  const auto call = wire::decode_broadcast(frame.payload);
  if (!call) return expel(from, base::CloseReason::protocol_error, call.failure().message);
  std::vector<Directory::Holder> targets;
  // Who was addressed in another epoch is nobody now; the caller is told at once that it waits for no one.
  if (frame.header.epoch == epoch) targets = broadcast_targets(from, call->name);
  // Whom the answer names the caller knows, and who answers comes behind it: it is queued before any call is.
  wire::SentTo sent_to;
  for (const Directory::Holder& holder : targets) {
    introduce(from, *holder.member);
    sent_to.members.push_back(holder.member->id());
  }
  send(from, sent_to, frame.header.id);
  if (!from.alive()) return;
  for (const Directory::Holder& holder : targets) send_to_holder(from, holder, frame.header, *call);
}

std::vector<Directory::Holder> Controller::Impl::broadcast_targets(const Session& from,
                                                                   std::string_view callback) const {
  std::vector<Directory::Holder> targets;
  for (const auto& [joined, holder] : directory.holders(callback)) {
    const Member& member = *holder.member;
    if (&member == from.member || member.entry.draining) continue;
    if (member.session == nullptr || !member.session->alive()) continue;
    if (!may_call(from, member, holder.callback_id)) continue;
    targets.push_back(holder);
  }
  return targets;
}

// Header and call head are the target's own, the arguments are the same bytes for all.
void Controller::Impl::send_to_holder(Session& from, const Directory::Holder& holder, const wire::Header& header,
                                      const wire::Broadcast& call) {
  Session& target = *holder.member->session;
  wire::CallHead head = call.head;
  head.callback_id = holder.callback_id;
  std::array<std::byte, wire::kHeaderSize + wire::kCallHeadSize> front;
  const std::span<std::byte> bytes = front;
  wire::encode_call_head(head, bytes.last<wire::kCallHeadSize>());
  introduce(target, *from.member);
  if (!has_room(target, *from.member)) {
    wire::Header answer = this->header(FrameKind::bounce, header.id);
    answer.member = holder.member->id();
    auto returned = wire::encode_return_head(ErrorCode::busy, "too much is queued for that member");
    returned.insert(returned.end(), front.end() - wire::kCallHeadSize, front.end());
    answer.size = static_cast<std::uint32_t>(returned.size() + call.arguments.size());
    from.out().append_frame(answer, base::Bytes(returned));
    queue(from, from.input_owner(), call.arguments);
    ++counters.bounced;
    return from.touch();
  }
  const wire::Header to_target{
      .size = static_cast<std::uint32_t>(wire::kCallHeadSize + call.arguments.size()),
      .kind = FrameKind::call,
      .epoch = epoch,
      .member = from.member->id(),
      .id = header.id,
  };
  wire::encode_header(to_target, bytes.first<wire::kHeaderSize>());
  target.out().append(front);
  queue(target, from.input_owner(), call.arguments);
  ++counters.frames_switched;
  counters.bytes_switched += front.size() + call.arguments.size();
  target.touch();
}

}  // namespace daffi::controller
