/// @file  Node, streams: beginning them, and their frames.
#include <algorithm>

#include "base/per_thread.hpp"
#include "node/node_impl.hpp"
#include "node/stream_call.hpp"
#include "rpc/incoming_items.hpp"
#include "rpc/outgoing_items.hpp"

namespace daffi::node {
namespace {

// What this thread has read and not yet acted upon, as in node_frames.cpp.
struct StreamBatch {
  struct End {
    rpc::OutgoingCall* call;
    wire::Header header;
    std::vector<std::byte> payload;
  };
  struct Broken {
    wire::Header header;
    std::string why;
  };
  // Whose item the last one was: most come in long runs for the same stream.
  wire::Header last_header;
  std::shared_ptr<rpc::IncomingItems> last;
  std::vector<std::shared_ptr<rpc::IncomingItems>> filled;
  std::vector<std::shared_ptr<rpc::OutgoingItems>> granted;
  std::vector<std::pair<std::shared_ptr<rpc::IncomingItems>, rpc::Credit>> grants;  // to be sent
  std::vector<wire::Header> refused;                                                // items for which there is no room
  std::vector<End> ended;
  std::vector<Broken> broken;
};
StreamBatch& streams_read() { return base::PerThread<StreamBatch>::mine(); }

bool same_exchange(const wire::Header& a, const wire::Header& b) {
  return a.id == b.id && a.member == b.member && ((a.flags ^ b.flags) & wire::kFromCallee) == 0;
}

base::Failure too_many(std::size_t limit) {
  return base::fail(ErrorCode::busy, "too many streams are open (" + std::to_string(limit) + ")");
}

}  // namespace

base::Result<std::unique_ptr<detail::ItemStream>> Node::Impl::start_stream(const detail::CallSpec& spec,
                                                                           Writer& arguments) {
  if (!spec.return_result) {
    return base::fail(ErrorCode::invalid_modifier,
                      "'" + spec.name + "' is fetched as a stream: return_result=false " + "would give none");
  }
  const auto deadline = admit(spec, arguments);
  if (!deadline.ok()) return deadline.failure();
  (void)arguments.payload();  // as in start_call()
  if (incoming_streams->fetch_add(1) >= options.max_streams) {
    incoming_streams->fetch_sub(1);
    return too_many(options.max_streams);
  }
  detail::CallSpec own = spec;
  own.wants_stream = true;
  auto call = std::make_shared<StreamCall>(std::move(own), values.in.limits());
  auto cancel = [weak = weak_from_this()](StreamCall& open) {
    open.unwanted.store(true);
    const auto self = weak.lock();
    if (!self || !self->take_back(open)) return;
    self->abandon(open, base::fail(ErrorCode::cancelled, "Function " + open.spec.name + " was cancelled"));
  };
  auto stream = std::make_unique<CallerStream>(call, engine, weak_from_this(), std::move(cancel),
                                               [count = incoming_streams] { count->fetch_sub(1); });
  call->deadline = *deadline;
  call->hold();
  launch(*call, arguments, false);
  // Refused on the spot: its maker is told, not whoever asks for the first item.
  if (auto failure = call->refused()) return std::move(*failure);
  return std::unique_ptr<detail::ItemStream>(std::move(stream));
}

base::Result<std::shared_ptr<detail::PendingCall>> Node::Impl::feed(const detail::CallSpec& spec,
                                                                    std::unique_ptr<detail::ItemProducer> source,
                                                                    bool here) {
  if (auto why = over()) return std::move(*why);
  if (outgoing_streams.fetch_add(1) >= options.max_streams) {
    outgoing_streams.fetch_sub(1);
    return too_many(options.max_streams);
  }
  detail::CallSpec own = spec;
  own.takes_items = true;
  own.return_result = true;
  const auto timeout = spec.timeout > base::Duration::zero() ? spec.timeout : options.default_timeout;
  const auto deadline =
      timeout > base::Duration::zero() ? base::Deadline::in(clock(), spec.eta + timeout) : base::Deadline::never();
  auto call = std::make_shared<FeedCall>(std::move(own), deadline, engine, shared_from_this(), shared_from_this());
  if (!deadline.is_never()) expect_first_item(call);
  if (spec.eta > base::Duration::zero()) {
    // Time ends this wait, or its failure, or the end of this node; whoever cannot wait for it does not begin early.
    auto begin = [call, source = std::make_shared<std::unique_ptr<detail::ItemProducer>>(std::move(source))](
                     const base::Result<void>& waited) {
      if (!waited.ok() && waited.failure().code == ErrorCode::busy) call->give_up(waited.failure());
      call->start(std::move(*source));
    };
    wait_for_async([call] { return call->failed(); }, "eta", base::Deadline::in(clock(), spec.eta), std::move(begin));
  } else if (here) {
    call->run_here(std::move(source));
  } else {
    call->start(std::move(source));
  }
  return std::shared_ptr<detail::PendingCall>(std::move(call));
}

// Once it has begun its calls watch the deadline. Bounded as streams are.
void Node::Impl::expect_first_item(const std::shared_ptr<FeedCall>& feed) {
  {
    base::Lock lock(feeds_mutex);
    std::erase_if(unbegun_feeds, [](const auto& each) {
      const auto there = each.lock();
      return !there || there->begun() || there->ready();
    });
    unbegun_feeds.push_back(feed);
  }
  schedule(feed->deadline().at);
}

void Node::Impl::expire_feeds(base::SteadyTime now) {
  std::vector<std::shared_ptr<FeedCall>> late;
  base::Deadline next;
  {
    base::Lock lock(feeds_mutex);
    std::erase_if(unbegun_feeds, [&](const auto& each) {
      const auto there = each.lock();
      if (!there || there->begun() || there->ready()) return true;
      if (there->deadline().passed(now)) return late.push_back(there), true;
      next = base::Deadline::earlier(next, there->deadline());
      return false;
    });
  }
  for (const auto& feed : late) {
    feed->give_up(base::fail(ErrorCode::wait_timeout,
                             "Function " + feed->spec().name + " result timed out: its source has given no item"));
  }
  if (!next.is_never()) schedule(next.at);
}

// The processes that a stream begins at. Blocks, at most as long as a call would wait for them.
base::Result<std::vector<Holder>> Node::Impl::feed_targets(FeedCall& feed) {
  FeedLeg probe(feed, feed.spec());
  for (;;) {
    if (auto why = over()) return std::move(*why);
    if (feed.failed()) return base::fail(ErrorCode::cancelled, "the stream broke off before it had begun");
    if (feed.deadline().passed(clock().now())) return timed_out(probe);
    if (channel.load()) {
      if (any_cut.load()) avoid_cut_off(probe);
      Pick choice = pick(probe);
      if (choice.wait) begin_wait(probe, choice);
      if (choice.failure && !choice.wait) return *choice.failure;
      if (choice.route && !feed.spec().receiver.empty()) {
        Holder one;
        one.member = choice.route->member;
        one.callback_id = choice.route->callback_id;
        return std::vector<Holder>{one};
      }
      if (choice.route) {
        std::vector<Holder> holders = holders_of(feed.spec().name);
        std::erase_if(holders, [this](const Holder& holder) {
          return holder.suspended || holder.draining || is_cut_off(holder.member);
        });
        if (!holders.empty()) return holders;
      }
    }
    if (!probe.patience) probe.patience = clock().now() + (channel.load() ? options.grace : options.connect_wait);
    if (*probe.patience <= clock().now()) return patience_ended(probe);
    const auto seen = directory.version();
    const bool connected = channel.load() != nullptr;
    auto changed = [this, seen, connected] {
      return directory.version() != seen || (channel.load() != nullptr) != connected;
    };
    (void)wait_for(std::move(changed), "a holder of '" + feed.spec().name + "'",
                   base::Deadline::earlier(feed.deadline(), base::Deadline{*probe.patience}));
  }
}

base::Result<void> Node::Impl::open_feed(FeedCall& feed) {
  const auto holders = feed_targets(feed);
  if (!holders.ok()) return holders.failure();
  for (const Holder& holder : *holders) {
    FeedLeg probe(feed, feed.spec());
    if (auto choice = checked(probe, holder); choice.failure) return std::move(*choice.failure);
  }
  if (!feed.deadline().is_never()) schedule(feed.deadline().at);
  for (const Holder& holder : *holders) {
    if (!begin_leg(feed, holder)) break;
  }
  return {};
}

// False: the stream has failed meanwhile.
bool Node::Impl::begin_leg(FeedCall& feed, const Holder& holder) {
  FeedLeg& leg = feed.add_leg(feed.spec());
  leg.deadline = feed.deadline();
  std::vector<std::byte> frame(detail::kCallHeadroom);
  std::uint64_t id = 0;
  const auto over = channel.load();
  if (!over || !place_now(leg, frame, Route{holder.member, holder.callback_id}, false, *over)) {
    fail(leg, base::fail(ErrorCode::no_controller, "Lost connection to Controller."));
    return false;
  }
  id = leg.id.load();
  wire::Header header;
  header.epoch = epoch.load();
  header.member = holder.member;
  header.id = id;
  feed.leg_sent(header, over);
  if (!feed.failed()) return true;
  abandon_feed_call(leg, base::fail(ErrorCode::cancelled, "the stream broke off"));
  return false;
}

void Node::Impl::abandon_feed_call(rpc::OutgoingCall& call, const base::Failure& why) {
  if (take_back(call)) abandon(call, why);
}

// One that has ended sends nothing.
void Node::Impl::send_item(base::Bytes frame, session::Channel& over) {
  const bool waits = may_wait();
  const bool sent = frame.size() < wire::kHeaderSize + rpc::kWorthASlot
                        ? over.send(frame, session::Urgency::corked, waits)
                        : send_large_item(over, frame, waits);
  if (sent) engine->flush_soon();
}

// A whole item that may be worth memory, or an end.
bool Node::Impl::send_large_item(session::Channel& to, base::Bytes frame, bool may_wait) {
  wire::Header header = wire::decode_header(frame.first<wire::kHeaderSize>());
  const base::Bytes payload = frame.subspan(wire::kHeaderSize);
  rpc::Passage passage;
  if (header.kind == wire::FrameKind::item) passage = values.lanes.pass(header.member, payload);
  if (passage.as_it_is()) return to.send(frame, session::Urgency::corked, may_wait);
  passage.mark(header, payload.size());
  std::vector<std::byte> other(wire::kHeaderSize);
  wire::encode_header(header, std::span(other).first<wire::kHeaderSize>());
  const base::Bytes front = passage.front();
  other.insert(other.end(), front.begin(), front.end());
  if (!passage.by_memory()) other.insert(other.end(), payload.begin(), payload.end());
  // At once, as if it were here with all its bytes.
  return to.send(other, session::Urgency::now, may_wait);
}

void Node::Impl::send_part(const wire::Header& part, base::Bytes front, const base::Slice& bytes,
                           session::Channel& over) {
  if (!send_large(over, part, front, bytes, session::Urgency::corked, may_wait())) return;
  engine->flush_soon();
}

void Node::Impl::on_stream_frame(const wire::Frame& frame) {
  switch (frame.header.kind) {
    case wire::FrameKind::item:
      return on_item(frame);
    default:
      return on_end_frame(frame);
  }
}

void Node::Impl::on_item(const wire::Frame& frame) {
  StreamBatch& batch = streams_read();
  // Whatever becomes of it, what it has in memory is given back.
  std::optional<rpc::ChunkBytes> elsewhere;
  if ((frame.header.flags & (wire::kShared | wire::kOffersMemory)) != 0) [[unlikely]] {
    elsewhere = locate(frame);
    if (!elsewhere) return break_off(frame.header, rpc::kNoPlace);
  }
  if (!batch.last || !same_exchange(batch.last_header, frame.header)) {
    batch.last_header = frame.header;
    if ((frame.header.flags & wire::kFromCallee) != 0) {
      batch.last = calls.incoming(frame.header.id, frame.header.member);
    } else {
      const auto served = server->streams().find(frame.header.member, frame.header.id);
      batch.last = served ? served->incoming : nullptr;
    }
    if (!batch.last) {
      late_items.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    batch.filled.push_back(batch.last);
  }
  using Put = rpc::IncomingItems::Put;
  std::optional<rpc::Credit> grant;
  const Put put = elsewhere ? batch.last->put(frame.header, std::move(*elsewhere), grant)
                            : batch.last->put(frame.header, frame.payload, grant);
  switch (put) {
    case Put::taken:
      if (grant) batch.grants.emplace_back(batch.last, *grant);
      return;
    case Put::dropped:
      return;
    case Put::refused:
      return batch.refused.push_back(frame.header);
    case Put::violation:
      return batch.broken.push_back({frame.header, "it sent more items than it had credit for"});
    case Put::broken:
      return batch.broken.push_back({frame.header, "the parts of an item do not make up what was announced"});
  }
}

// An item that cannot be taken: the items are at their end, their consumer is told behind those that came before.
void Node::Impl::on_refused_item(const wire::Header& header) {
  if ((header.flags & wire::kFromCallee) == 0) return;  // whoever runs the callback answers with the error
  rpc::OutgoingCall* call = calls.take(header.id, header.member);
  if (call == nullptr) return;
  send_control(wire::FrameKind::cancel, header.member, header.id);
  fail(*call, call->incoming()->failure().value());
}

void Node::Impl::on_end_frame(const wire::Frame& frame) {
  StreamBatch& batch = streams_read();
  if ((frame.header.flags & wire::kFromCallee) != 0) {
    rpc::OutgoingCall* call = calls.take(frame.header.id, frame.header.member);
    if (call == nullptr) {
      late_replies.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    batch.ended.push_back({call, frame.header, {frame.payload.begin(), frame.payload.end()}});
    return;
  }
  const auto served = server->streams().find(frame.header.member, frame.header.id);
  if (!served || !served->incoming) return;
  std::optional<base::Failure> failure;
  if (!frame.payload.empty()) {
    auto error = wire::decode_error(frame.payload);
    failure = error.ok() ? std::move(error->failure) : error.failure();
  }
  served->incoming->end(std::move(failure));
  batch.filled.push_back(served->incoming);
}

// False: it is not for a stream.
bool Node::Impl::on_stream_credit(const wire::Frame& frame) {
  std::shared_ptr<rpc::OutgoingItems> items;
  if ((frame.header.flags & wire::kFromCallee) != 0) {
    items = calls.outgoing(frame.header.id, frame.header.member);
  } else if (const auto served = server->streams().find(frame.header.member, frame.header.id)) {
    items = served->outgoing();
  }
  if (!items) return false;
  const auto credit = rpc::decode_credit(frame.payload);
  if (!credit || !items->on_credit(frame.header.member, frame.header.id, *credit)) {
    streams_read().broken.push_back({frame.header, "it granted credit that no window has"});
    return true;
  }
  streams_read().granted.push_back(std::move(items));
  return true;
}

void Node::Impl::after_read_streams() {
  StreamBatch& batch = streams_read();
  batch.last = nullptr;
  if (batch.filled.empty() && batch.granted.empty() && batch.ended.empty() && batch.broken.empty()) return;
  // Swapped out first: what is called below may read in turn.
  const StreamBatch mine = std::exchange(batch, {});
  for (const auto& items : mine.filled) items->wake(*engine);
  for (const auto& [items, credit] : mine.grants) send(items->credit_frame(credit), session::Urgency::now);
  for (const auto& items : mine.granted) items->resume();
  for (const auto& header : mine.refused) on_refused_item(header);
  for (const auto& end : mine.ended) {
    if (end.payload.empty()) {
      // A plain call, or a stream's leg, is not answered like that.
      end.call->completed = end.call->incoming() != nullptr;
      if (end.call->completed) {
        end.call->settle(*engine);
      } else {
        fail(*end.call, base::fail(ErrorCode::protocol, "'" + end.call->spec.name + "' was answered by a stream"));
      }
    } else {
      fail(*end.call, reported(end.call->spec, directory.name_of(end.header.member), end.payload));
    }
  }
  for (const auto& broken : mine.broken) cut_off(broken.header, broken.why);
}

void Node::Impl::break_off(const wire::Header& frame, const char* why) {
  streams_read().broken.push_back({frame, why});
}

}  // namespace daffi::node
