/// @file  Node, large values: how they are announced, and what becomes of them when their exchange ends.
#include <algorithm>
#include <thread>

#include "node/node_impl.hpp"

namespace daffi::node {

// What place() sends: the whole call, or what announces it when its arguments are too large for one frame.
std::span<std::byte> Node::Impl::frame_of(rpc::OutgoingCall& call, Writer& arguments,
                                          Announcement& announcement) const {
  if (arguments.size() <= wire::kMaxUnchunked || call.spec.broadcast) return arguments.buffer();
  call.chunked = true;
  call.large = rpc::take_over(arguments);
  call.lender = call.large.lender;
  return announcement;
}

// The call has ended: when this returns nobody refers to its caller's memory any more. What of it waits to be written
// is copied; a write that is under way is waited for, and no peer.
void Node::Impl::reclaim(rpc::OutgoingCall& call) {
  call.large = {};
  (void)values.out.abort({call.target, call.id.load(), false});
  while (!base::sole_owner(call.lender)) {
    if (const auto over = answering.load()) over->copy_queued(call.lender);
    std::this_thread::yield();
  }
}

// The announcement has been sent. Whoever has ended the call meanwhile did so either before this look, or sees the
// transfer.
void Node::Impl::start_transfer(const rpc::TransferKey& key, std::uint32_t of_epoch) {
  if (!calls.contains(key.id, key.member)) {
    (void)values.out.abort(key);
    return send_control(wire::FrameKind::cancel, key.member, key.id);
  }
  values.out.release(key, of_epoch);
  values.out.pump();
}

void Node::Impl::forget_transfers(const rpc::OutgoingCall& call) {
  const std::uint64_t id = call.id.load();
  (void)values.out.abort({call.target, id, false});
  std::unique_ptr<rpc::Work> none;
  if (values.in.drop({call.target, id, true}, none)) send_grants();
}

// What has come of large results of a broadcast.
void Node::Impl::forget_results(std::uint64_t id, const std::vector<std::uint32_t>& members) {
  bool any = false;
  for (const std::uint32_t member : members) {
    std::unique_ptr<rpc::Work> none;
    any = values.in.drop({member, id, true}, none) || any;
  }
  if (any) send_grants();
}

bool Node::Impl::reaches(std::uint32_t member, std::uint32_t of_epoch) const {
  return of_epoch == epoch.load() && answering.load() && directory.is_present(member);
}

void Node::Impl::send_chunk(const wire::Header& header, const base::Slice& bytes, bool more) {
  const auto to = answering.load();
  if (!to || header.epoch != epoch.load()) return;
  (void)send_large(*to, header, {}, bytes, more ? session::Urgency::corked : session::Urgency::now, false);
}

// A chunk, or an item's part with its `front`: by memory where that goes.
bool Node::Impl::send_large(session::Channel& to, wire::Header header, base::Bytes front, const base::Slice& bytes,
                            session::Urgency urgency, bool may_wait) {
  const auto passage = values.lanes.pass(header.member, front, bytes.bytes);
  passage.mark(header, front.size() + bytes.bytes.size());
  std::array<std::byte, wire::kHeaderSize + rpc::kOfferSize + wire::kTotalSize> head;
  wire::encode_header(header, std::span(head).first<wire::kHeaderSize>());
  std::byte* end = base::copy_to(head.data() + wire::kHeaderSize, passage.front());
  if (!passage.by_memory()) end = base::copy_to(end, front);
  return to.send_bulk({head.data(), end}, passage.by_memory() ? base::Slice() : bytes, urgency, may_wait);
}

// Memory is taken from nobody who has left: it would be kept as long as this process lives.
std::optional<rpc::ChunkBytes> Node::Impl::locate(const wire::Frame& frame) {
  const bool offers = (frame.header.flags & wire::kOffersMemory) != 0;
  return values.in.locate(frame.header, frame.payload, offers && directory.is_present(frame.header.member));
}

void Node::Impl::send_grants() {
  for (const auto& [key, credit] : values.in.take_grants()) {
    wire::Header received{.epoch = epoch.load(), .member = key.member, .id = key.id};
    received.flags = key.from_callee ? wire::kFromCallee : std::uint8_t{0};
    send(rpc::credit_frame(received, credit), session::Urgency::now);
  }
}

}  // namespace daffi::node
