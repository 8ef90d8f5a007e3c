/// @file  Server: taking calls in, refusing them, telling them to stop.
#include "rpc/server.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <utility>

#include "base/log.hpp"
#include "base/per_thread.hpp"
#include "rpc/request.hpp"
#include "session/permission.hpp"
#include "wire/messages.hpp"

namespace daffi::rpc {
namespace {

// What this thread has read and not yet queued. A thread reads one connection at a time, from on_call() to
// after_read().
struct Collected {
  bool arrived = false;  // calls, or what becomes of some, that after_read() has not seen yet
  std::vector<Request*> calls;
  bool heavy = false;                    // one of them has large arguments
  std::shared_ptr<CallbackEntry> entry;  // of the latest call: the next one mostly wants the same
  struct Refused {
    Request* request;
    ErrorCode code;
    std::string text;
  };
  std::vector<Refused> refused;  // calls whose arguments have not come whole
  std::vector<std::stop_source> stops;
  std::vector<std::pair<std::size_t, wire::Header>> unanswered;  // in take_in() only
  std::vector<std::shared_ptr<ServedStream>> ended;
  InTransfers::Owners forgotten;  // calls that will not run: with them their callbacks may go
};
Collected& collected() { return base::PerThread<Collected>::mine(); }

constexpr std::uint32_t kStreams = wire::CallHead::kWantsStream | wire::CallHead::kTakesItems;

// Runs user code (stop callbacks), so it needs a handler thread.
class StopWork final : public Work {
 public:
  explicit StopWork(std::vector<std::stop_source> stops) : stops_(std::move(stops)) {}
  void run(bool) override {
    const std::unique_ptr<StopWork> self(this);
    for (auto& stop : stops_) stop.request_stop();
  }
  void discard() override { run(true); }

 private:
  std::vector<std::stop_source> stops_;
};

}  // namespace

Server::Server(std::shared_ptr<Engine> engine, std::shared_ptr<ServerHost> host, std::string language, Limits limits)
    : engine_(std::move(engine)),
      host_(std::move(host)),
      language_(std::move(language)),
      limits_(limits),
      streams_(limits.streams) {}

// Until it is queued or refused, a call that was read holds up stop().
void Server::arrived() {
  if (!std::exchange(collected().arrived, true)) arriving_.fetch_add(1);
}

bool Server::on_call(const wire::Frame& frame) {
  arrived();
  const auto head = wire::decode_call_head(frame.payload);
  if (!head) return false;
  if ((frame.header.flags & wire::kChunked) != 0) return on_announced(frame, *head);
  const bool timed = head->remaining_ms != wire::CallHead::kNoLimit;
  auto* request = new Request(shared_from_this(), frame, *head, timed ? host_->clock().now() : base::SteadyTime());
  Collected& mine = collected();
  // Ids are never given twice. Whether it is taken away meanwhile is looked at when it runs.
  if (!mine.entry || mine.entry->id != head->callback_id || mine.entry->removed.load(std::memory_order_relaxed))
    mine.entry = callbacks_.find(head->callback_id);
  request->entry = mine.entry;
  if (!admit(*request)) [[unlikely]]
    return true;
  mine.calls.push_back(request);
  return true;
}

// What is asked and made of every call that comes in. False: it is refused.
bool Server::admit(Request& request) {
  const CallbackEntry* entry = request.entry.get();
  if (entry != nullptr && !entry->spec.callers.empty() && !permitted(request)) return false;
  if (entry != nullptr && entry->spec.wants_context) watch(request);
  return open_stream(request);
}

// False: it is refused. The controller has refused it before, so this is one that does not do as it should, or that is
// not to be believed. Logged the less often the more there are.
bool Server::permitted(Request& request) {
  const Caller caller = host_->caller(request.header.member);
  if (may_call(*request.entry, caller)) return true;
  const std::string& name = request.entry->spec.name;
  const std::uint64_t count = not_permitted_.fetch_add(1) + 1;
  if (std::has_single_bit(count)) {
    base::log(LogLevel::warning, "node",
              "process '" + caller.name + "' may not call '" + name + "': refused (" + std::to_string(count) +
                  " such calls so far)");
  }
  collected().refused.push_back({&request, ErrorCode::not_permitted, session::may_not_call(name).message});
  return false;
}

// False: it is refused, there are too many streams.
bool Server::open_stream(Request& request) {
  if ((request.head.flags & kStreams) == 0) return true;
  std::shared_ptr<IncomingItems> items;
  if ((request.head.flags & wire::CallHead::kTakesItems) != 0) {
    items = std::make_shared<IncomingItems>(host_->transfers().in.limits());
  }
  request.stream = streams_.open(request.header.member, request.header.id, request.deadline, std::move(items));
  if (!request.stream) {
    collected().refused.push_back({&request, ErrorCode::busy, "it serves as many streams as it may"});
    return false;
  }
  if (!request.deadline.is_never()) host_->expire_at(request.deadline.at);
  return true;
}

// Large arguments come later. What can be refused is refused now, before they are sent.
bool Server::on_announced(const wire::Frame& frame, const wire::CallHead& head) {
  const auto total = wire::decode_total(frame.payload.subspan(wire::kCallHeadSize));
  if (!total) return false;
  auto* request = new Request(shared_from_this(), frame, head, host_->clock().now());
  request->entry = callbacks_.find(head.callback_id);
  const base::Deadline deadline = request->deadline;
  if (draining_.load()) {
    collected().refused.push_back({request, ErrorCode::draining, "this process is stopping"});
    return true;
  }
  if (!admit(*request)) return true;
  std::unique_ptr<Work> owner(request);
  const TransferKey key{frame.header.member, frame.header.id, false};
  const bool apart = request->entry != nullptr && request->entry->spec.reads_bodies;
  const auto announced = host_->transfers().in.announce(key, *total, deadline, owner, apart);
  if (!announced.ok()) {
    (void)owner.release();
    collected().refused.push_back({request, announced.failure().code, announced.failure().message});
  } else if (draining_.load() && host_->transfers().in.drop(key, owner)) {
    // begin_drain() came in between, and has not found it.
    (void)owner.release();
    collected().refused.push_back({request, ErrorCode::draining, "this process is stopping"});
  } else if (!deadline.is_never()) {
    host_->expire_at(deadline.at);
  }
  return true;
}

void Server::on_large_arguments(InTransfers::Taken taken) {
  arrived();
  auto* request = static_cast<Request*>(taken.owner.release());
  if (taken.what == InTransfers::Taken::What::complete) {
    request->assembled = std::move(taken.value);
    request->share = std::move(taken.share);
    request->heavy = true;
    collected().heavy = true;
    collected().calls.push_back(request);
  } else if (taken.what == InTransfers::Taken::What::no_memory) {
    collected().refused.push_back({request, ErrorCode::busy, "there is no memory for the arguments"});
  } else {
    collected().forgotten.emplace_back(request);  // whoever cuts its caller off answers
  }
}

void Server::forget_large(InTransfers::Owners owners) {
  for (auto& owner : owners) static_cast<Request*>(owner.release())->forget();
}

void Server::watch(Request& request) {
  request.stop.emplace();
  {
    base::Lock lock(mutex_);
    watched_.insert_or_assign(
        ExchangeKey{request.header.member, request.header.id},
        Watched{*request.stop, request.deadline, (request.head.flags & wire::CallHead::kNoReply) == 0});
  }
  if (!request.deadline.is_never()) host_->expire_at(request.deadline.at);
}

void Server::unwatch(const ExchangeKey& key) {
  base::Lock lock(mutex_);
  watched_.erase(key);
}

void Server::on_cancel(const wire::Frame& frame) {
  if (auto stream = streams_.find(frame.header.member, frame.header.id)) collected().ended.push_back(std::move(stream));
  Transfers& transfers = host_->transfers();
  if (!transfers.out.empty()) (void)transfers.out.abort({frame.header.member, frame.header.id, true});
  std::unique_ptr<Work> owner;
  if (transfers.in.drop({frame.header.member, frame.header.id, false}, owner)) {
    collected().forgotten.push_back(std::move(owner));
  }
  base::Lock lock(mutex_);
  const auto it = watched_.find(ExchangeKey{frame.header.member, frame.header.id});
  if (it != watched_.end()) collected().stops.push_back(it->second.stop);
}

void Server::after_read() {
  collected().entry = nullptr;
  const bool calls_arrived = std::exchange(collected().arrived, false);
  if (!collected().calls.empty()) {
    // Swapped out first: what is called below may read in turn.
    auto calls = std::move(collected().calls);
    collected().calls.clear();
    // What is small overtakes: it would wait for as long as the large ones take, or for another thread.
    if (std::exchange(collected().heavy, false)) std::ranges::stable_partition(calls, std::not_fn(&Request::heavy));
    take_in(calls);
    calls.clear();
    collected().calls = std::move(calls);  // keeps its memory for the next round
    engine_->kick();
  }
  for (auto& [request, code, text] : std::exchange(collected().refused, {})) {
    if (code == ErrorCode::draining) refused_draining_.fetch_add(1);
    if (code == ErrorCode::busy) count_busy(text);
    refuse(*request, code, text);
    request->forget();
  }
  if (!collected().forgotten.empty()) forget_large(std::exchange(collected().forgotten, {}));
  if (!collected().stops.empty()) request_stop(std::exchange(collected().stops, {}));
  if (!collected().ended.empty()) stop_streams(std::exchange(collected().ended, {}));
  if (!calls_arrived) return;
  arriving_.fetch_sub(1);
  wake_if_idle();
}

// Queues the calls as far as there is room, together; the others are refused. None is touched once it is queued.
void Server::take_in(std::span<Request* const> calls) {
  std::size_t bytes = 0;
  for (const Request* request : calls) bytes += request->payload.size();
  queued_.fetch_add(calls.size());
  std::size_t room = limits_.queued_bytes - std::min(limits_.queued_bytes, queued_bytes_.fetch_add(bytes));
  const bool draining = draining_.load();
  auto unanswered = std::move(collected().unanswered);
  unanswered.clear();
  std::size_t fitting = 0;
  for (; fitting < calls.size() && !draining && calls[fitting]->payload.size() <= room; ++fitting) {
    Request& request = *calls[fitting];
    room -= request.payload.size();
    if (fitting > 0) calls[fitting - 1]->next = &request;
    request.next = nullptr;
    if ((request.head.flags & wire::CallHead::kNoReply) != 0) unanswered.emplace_back(fitting, request.header);
  }
  const Work* rest = fitting == 0 ? nullptr : engine_->submit_list(calls.front());
  std::size_t taken = fitting;
  if (rest != nullptr) taken = static_cast<std::size_t>(std::ranges::find(calls, rest) - calls.begin());
  for (const auto& [index, header] : unanswered) {
    if (index < taken) accepted(header);
  }
  collected().unanswered = std::move(unanswered);
  for (Request* request : calls.subspan(taken)) {
    if (draining) {
      refused_draining_.fetch_add(1);
      refuse(*request, ErrorCode::draining, "this process is stopping");
    } else {
      count_busy("all handler threads are taken");
      refuse(*request, ErrorCode::busy, "all handler threads are taken");
    }
    request->discard();
  }
}

// Logged the less often the more there are.
void Server::count_busy(std::string_view why) {
  const std::uint64_t count = refused_busy_.fetch_add(1) + 1;
  if (!std::has_single_bit(count)) return;
  base::log(LogLevel::warning, "node",
            "a call is refused as busy: " + std::string(why) + " (" + std::to_string(count) + " such calls so far)");
}

void Server::refuse(Request& request, ErrorCode code, std::string_view text) {
  std::vector<std::byte> frame(wire::kHeaderSize);
  const auto front = wire::encode_return_head(code, text);
  frame.insert(frame.end(), front.begin(), front.end());
  frame.insert(frame.end(), request.payload.begin(), request.payload.end());
  wire::Header header = request.header;
  header.kind = wire::FrameKind::refuse;
  header.size = static_cast<std::uint32_t>(frame.size() - wire::kHeaderSize);
  wire::encode_header(header, std::span(frame).first<wire::kHeaderSize>());
  host_->send(frame, session::Urgency::now);
}

// Who wants no result still wants to know that the call has arrived: an empty result says so.
void Server::accepted(const wire::Header& call) {
  wire::Header header = call;
  header.kind = wire::FrameKind::result;
  header.flags = 0;
  header.size = 0;
  std::array<std::byte, wire::kHeaderSize> frame;
  wire::encode_header(header, frame);
  host_->send(frame, session::Urgency::now);
}

void Server::request_stop(std::vector<std::stop_source> stops) {
  if (!stops.empty()) engine_->submit_always(*new StopWork(std::move(stops)));
}

void Server::stop_streams(const std::vector<std::shared_ptr<ServedStream>>& streams) {
  for (const auto& stream : streams) stream->stop(*engine_);
}

void Server::end_streams_of(const CallbackEntry& callback) {
  std::vector<std::shared_ptr<ServedStream>> streams;
  std::vector<std::stop_source> stops;
  for (const ExchangeKey& key : streams_.of_callback(callback)) {
    if (auto stream = streams_.find(key.member, key.id)) streams.push_back(std::move(stream));
    base::Lock lock(mutex_);
    if (const auto it = watched_.find(key); it != watched_.end()) stops.push_back(it->second.stop);
  }
  // In this order: what a stop token makes a callback throw must find its stream stopped.
  stop_streams(streams);
  request_stop(std::move(stops));
}

void Server::begin_drain() {
  draining_.store(true);
  for (auto& owner : host_->transfers().in.drop_owned()) {
    auto* request = static_cast<Request*>(owner.release());
    refused_draining_.fetch_add(1);
    refuse(*request, ErrorCode::draining, "this process is stopping");
    request->forget();
  }
  host_->send_grants();
}

void Server::caller_lost(std::uint32_t member) {
  Transfers& transfers = host_->transfers();
  transfers.out.abort_all_of(member);
  transfers.lanes.forget(member);
  Collected& mine = collected();
  for (auto& owner : transfers.in.drop_all_of(member)) mine.forgotten.push_back(std::move(owner));
  for (auto& stream : streams_.of(member)) mine.ended.push_back(std::move(stream));
  base::Lock lock(mutex_);
  for (const auto& [key, watched] : watched_) {
    if (key.member == member && watched.answered) mine.stops.push_back(watched.stop);
  }
}

void Server::all_callers_lost(bool stopping) {
  if (stopping) stopping_.store(true);
  Transfers& transfers = host_->transfers();
  transfers.out.abort_all();
  transfers.lanes.clear();
  forget_large(transfers.in.drop_all());
  std::vector<std::stop_source> stops;
  {
    base::Lock lock(mutex_);
    for (const auto& [key, watched] : watched_) {
      if (stopping || watched.answered) stops.push_back(watched.stop);
    }
  }
  stop_streams(streams_.all());
  request_stop(std::move(stops));
}

void Server::expire(base::SteadyTime now) {
  std::vector<std::stop_source> stops;
  base::Deadline next;
  {
    base::Lock lock(mutex_);
    for (const auto& [key, watched] : watched_) {
      if (watched.deadline.passed(now)) {
        stops.push_back(watched.stop);
      } else {
        next = base::Deadline::earlier(next, watched.deadline);
      }
    }
  }
  stop_streams(streams_.expired(now, next));
  request_stop(std::move(stops));
  forget_large(host_->transfers().in.drop_expired(now, next));
  host_->send_grants();
  if (!next.is_never()) host_->expire_at(next.at);
}

void Server::answered(CallbackEntry& entry, const ExchangeKey& key, bool watched) {
  if (watched) unwatch(key);
  callbacks_.leave(entry, *engine_);
  served_.fetch_add(1);
  ended();
}

void Server::ended() {
  running_.fetch_sub(1);
  wake_if_idle();
}

void Server::wake_if_idle() {
  if (!idle_wanted_.load()) return;
  base::Lock lock(mutex_);
  if (idle_waiter_ != nullptr && idle(idle_own_)) engine_->finish(*std::exchange(idle_waiter_, nullptr));
}

bool Server::wait_idle(base::Deadline deadline) {
  Completion done;
  // A callback that stops its own process would wait for itself.
  const std::size_t own = engine_->in_handler() ? 1 : 0;
  idle_wanted_.store(true);
  {
    base::Lock lock(mutex_);
    if (idle(own)) return true;
    idle_waiter_ = &done;
    idle_own_ = own;
  }
  engine_->wait(done, deadline);
  base::Lock lock(mutex_);
  idle_waiter_ = nullptr;
  return idle(own);
}

ServerStats Server::stats() const {
  return {running_.load(),      queued_.load(),           served_.load(),
          refused_busy_.load(), refused_draining_.load(), expired_unrun_.load()};
}

}  // namespace daffi::rpc
