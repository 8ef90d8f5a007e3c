/// @file  Node::Impl: what the parts of a node share. Its functions stand in node.cpp (life), node_link.cpp
/// (connection), node_schedules.cpp (scheduled tasks), node_calls.cpp (calls out), node_pick.cpp (who takes them),
/// node_parking.cpp (calls that wait), node_broadcast.cpp (calls to many), node_streams.cpp (streams),
/// node_transfers.cpp (large values), node_code.cpp (code that travels), node_frames.cpp (what comes in),
/// node_losses.cpp (members that are lost), node_cut_off.cpp (members that break the protocol) and node_waits.cpp
/// (waiting for others).
#pragma once

#include <atomic>
#include <deque>
#include <list>
#include <set>
#include <unordered_map>

#include "base/annotations.hpp"
#include "base/atomic_shared.hpp"
#include "node/balancer.hpp"
#include "node/directory.hpp"
#include "node/feed_call.hpp"
#include "node/link.hpp"
#include "node/node.hpp"
#include "node/pending.hpp"
#include "rpc/code_service.hpp"
#include "rpc/schedules.hpp"
#include "rpc/server.hpp"
#include "rpc/transfers.hpp"
#include "session/channel.hpp"
#include "session/heartbeat.hpp"
#include "session/proof.hpp"
#include "session/rate_budget.hpp"

namespace daffi::node {

/// Threads: any, except where a group says otherwise. Lifetime: shared by the Node, its channel and its pending calls;
/// stop() opens the circles.
struct Node::Impl final : session::ChannelSink,
                          rpc::ServerHost,
                          FeedHost,
                          PendingCounts,
                          LinkOwner,
                          std::enable_shared_from_this<Node::Impl> {
  Impl(net::Loop& loop, std::shared_ptr<rpc::Engine> engine, Options options, Events events);

  // node.cpp
  void begin(std::unique_ptr<net::Connector> connector);
  base::Result<void> start();
  void stop(base::Duration limit);
  void begin_drain();
  void await_end_of_calls(base::Deadline deadline);
  void on_loop(std::function<void()> task);
  void post_event(std::function<void()> event);
  void run_events();
  Added add_callback(detail::CallbackSpec spec);
  void remove_callback(RegistrationId id);
  void announce(wire::Register changes);
  void set_own_callbacks();
  void schedule(base::SteadyTime when);
  void on_timer();
  Stats stats() const;

  // node_schedules.cpp
  void make_schedules();
  base::Result<void> restore_schedules();

  // node_link.cpp; the loop's thread
  wire::Register registrations() override;
  void on_established(std::unique_ptr<net::Stream> stream, std::unique_ptr<wire::FrameReader> reader,
                      const session::ClientHandshake& handshake) override;
  void on_attempt_failed(const base::Failure& failure, bool final) override;
  void became_ready(const std::shared_ptr<session::Channel>& channel);
  void lost(const session::Channel* ended, base::CloseReason reason, const std::string& text);
  void give_up(const base::Failure& failure);
  void check_heartbeat();
  static constexpr std::uint64_t kHeartbeatPing = 1;

  // node_frames.cpp
  void on_frame(const wire::Frame& frame) override;
  void on_frames_end() override;
  void after_read(session::Channel& from) override;
  void on_end(std::shared_ptr<session::Channel> ended, base::CloseReason reason, const std::string& text) override;
  void want_writable() override { engine->want_writable(); }
  void on_answer(const wire::Frame& frame);
  void on_part(std::uint64_t id, std::uint32_t member, wire::FrameKind kind, base::Bytes payload);
  base::Failure reported(const detail::CallSpec& spec, const std::string& who, base::Bytes error) const;
  void on_directory(const wire::Frame& frame);
  const base::Clock& clock() const override { return loop.clock(); }
  std::string name_of(std::uint32_t member) const override { return directory.name_of(member); }
  rpc::Caller caller(std::uint32_t member) const override;
  void send(base::Bytes frame, session::Urgency urgency) override;
  void expire_at(base::SteadyTime when) override { schedule(when); }
  std::uint32_t pending_on(MemberId member) const override { return calls.pending_on(member); }
  bool may_wait() const;
  void send_control(wire::FrameKind kind, std::uint32_t member, std::uint64_t id, base::Bytes payload = {});

  // node_transfers.cpp
  rpc::Transfers& transfers() override { return values; }
  void send_grants() override;
  bool reaches(std::uint32_t member, std::uint32_t of_epoch) const override;
  void send_chunk(const wire::Header& header, const base::Slice& bytes, bool more);
  std::optional<rpc::ChunkBytes> locate(const wire::Frame& frame);
  bool send_large(session::Channel& to, wire::Header header, base::Bytes front, const base::Slice& bytes,
                  session::Urgency urgency, bool may_wait);
  using Announcement = std::array<std::byte, wire::kHeaderSize + wire::kCallHeadSize + wire::kTotalSize>;
  std::span<std::byte> frame_of(rpc::OutgoingCall& call, Writer& arguments, Announcement& announcement) const;
  void start_transfer(const rpc::TransferKey& key, std::uint32_t of_epoch);
  void forget_transfers(const rpc::OutgoingCall& call);
  void forget_results(std::uint64_t id, const std::vector<std::uint32_t>& members);
  void reclaim(rpc::OutgoingCall& call);
  void on_announced_result(const wire::Frame& frame);
  void on_chunk(const wire::Frame& frame);
  void fail_result(const rpc::TransferKey& key, rpc::OutgoingCall* call, base::Failure failure);
  void on_credit(const wire::Frame& frame);
  void after_transfers();

  // node_calls.cpp
  struct Route {
    std::uint32_t member = 0, callback_id = 0;
  };
  struct Pick {
    std::optional<Route> route;
    bool wait = false;                     ///< nobody now, but somebody may come
    std::optional<base::Failure> failure;  ///< why nobody; beside `wait`: what to say if nobody comes
  };
  base::Result<void> call(const detail::CallSpec& spec, Writer& arguments, detail::Reply& reply);
  base::Result<std::shared_ptr<detail::PendingCall>> start_call(detail::SharedSpec spec, Writer& arguments);
  base::Result<void> fire(const detail::CallSpec& spec, Writer& arguments);
  /// Why no call can be made any more: after stop(), or once the controller does not have this process back.
  std::optional<base::Failure> over() const;
  bool is_over() const { return stopping.load() || given_up.load(); }
  base::Result<base::Deadline> admit(const detail::CallSpec& spec, const Writer& arguments) const;
  void launch(rpc::OutgoingCall& call, Writer& arguments, bool corked);
  void place(rpc::OutgoingCall& call, std::span<std::byte> frame, bool corked);
  bool place_now(rpc::OutgoingCall& call, std::span<std::byte> frame, const Route& route, bool corked,
                 session::Channel& over);
  session::Urgency urgency_of_async(base::SteadyTime now);
  void fail(rpc::OutgoingCall& call, base::Failure failure);
  bool take_back(rpc::OutgoingCall& call);
  void abandon(rpc::OutgoingCall& call, base::Failure failure);
  void returned(rpc::OutgoingCall& call, const wire::Frame& frame);
  base::Failure not_run(const detail::CallSpec& spec, const std::string& who, const wire::Returned& back) const;
  std::uint64_t enter(rpc::OutgoingCall& call);
  rpc::OutgoingCall* take_unsent(std::uint64_t id, base::Deadline deadline);
  base::Failure not_taken(const rpc::OutgoingCall& call) const;
  base::Failure patience_ended(const rpc::OutgoingCall& call) const;
  base::Failure timed_out(const rpc::OutgoingCall& call) const;
  void cancel(AsyncCall& call);

  // node_pick.cpp
  Pick pick(rpc::OutgoingCall& call);
  static void begin_wait(rpc::OutgoingCall& call, Pick& choice);
  Pick nobody_left(const rpc::OutgoingCall& call, bool gone, const std::function<base::Failure()>& otherwise) const;
  Pick pick_receiver(rpc::OutgoingCall& call);
  Pick pick_process(rpc::OutgoingCall& call);
  Pick pick_any(rpc::OutgoingCall& call);
  /// When there is nobody to take the call now: whether somebody may come, else why not.
  Pick nobody_to_pick(const rpc::OutgoingCall& call, const std::vector<Holder>& holders) const;
  /// What a thread keeps of the directory: who holds the callback it called last.
  struct Kept {
    static constexpr std::size_t kNothing = ~std::size_t{0};
    std::uint64_t node = 0, version = 0;
    std::string callback;
    std::vector<Holder> holders;
    std::size_t fits = kNothing;  ///< so many positional arguments are right for the only holder, which takes calls
  };
  Kept& kept_of(const std::string& callback) const;
  const std::vector<Holder>& holders_of(const std::string& callback) const;
  Pick checked(const rpc::OutgoingCall& call, const Holder& holder) const;

  // node_losses.cpp
  /// Adds calls that may still come back, and broadcasts that wait for nobody else.
  void note_losses(std::vector<rpc::CallTable::Answered>& sent, std::vector<rpc::OutgoingCall*>& gathered);
  void directory_changed();
  void ask_for_returned_calls(std::vector<rpc::CallTable::Answered> sent);
  void end_lost_calls(std::uint64_t asked_as);

  // node_broadcast.cpp
  Pick pick_every(const rpc::OutgoingCall& call) const;
  bool place_broadcast(rpc::OutgoingCall& call, std::span<const std::byte> frame);
  std::vector<rpc::OutgoingCall*> without_cut_off(const wire::SentTo& sent_to);
  rpc::OutgoingCall* on_sent_to(const wire::Header& header, const wire::SentTo& sent_to);
  void cancel_at(std::uint64_t id, const std::vector<std::uint32_t>& members);
  detail::Gathered to_gathered(const detail::CallSpec& spec, rpc::Gathering::Entry& entry,
                               const std::optional<base::Failure>& loss) const;
  void finish_broadcast(rpc::OutgoingCall& call, const std::optional<base::Failure>& loss);
  void note_refusals(rpc::OutgoingCall& call);
  void abandon_broadcast(rpc::OutgoingCall& call, base::Failure failure);

  // node_code.cpp
  void serve_code();
  std::optional<base::Failure> forbidden(const detail::CallSpec& spec) const;
  void send_code(rpc::OutgoingCall& call);

  // node_streams.cpp
  base::Result<std::unique_ptr<detail::ItemStream>> start_stream(const detail::CallSpec& spec, Writer& arguments);
  base::Result<std::shared_ptr<detail::PendingCall>> feed(const detail::CallSpec& spec,
                                                          std::unique_ptr<detail::ItemProducer> source, bool here);
  base::Result<void> open_feed(FeedCall& feed) override;
  base::Result<std::vector<Holder>> feed_targets(FeedCall& feed);
  bool begin_leg(FeedCall& feed, const Holder& holder);
  void expect_first_item(const std::shared_ptr<FeedCall>& feed);
  void expire_feeds(base::SteadyTime now);
  void abandon_feed_call(rpc::OutgoingCall& call, const base::Failure& why) override;
  std::shared_ptr<session::Channel> connection() const override { return answering.load(); }
  void send_item(base::Bytes frame, session::Channel& over) override;
  bool send_large_item(session::Channel& to, base::Bytes frame, bool may_wait);
  void send_part(const wire::Header& part, base::Bytes front, const base::Slice& bytes,
                 session::Channel& over) override;
  void feed_failed_early() override { run_due_waits(); }
  void feed_ended() override { outgoing_streams.fetch_sub(1); }
  void on_stream_frame(const wire::Frame& frame);
  void on_item(const wire::Frame& frame);
  void on_refused_item(const wire::Header& header);
  void on_end_frame(const wire::Frame& frame);
  bool on_stream_credit(const wire::Frame& frame);
  void after_read_streams();
  bool may_cancel(const wire::Header& cancel);
  /// Has the sender cut off once the read role is given up.
  static void break_off(const wire::Header& frame, const char* why);

  // node_cut_off.cpp
  void cut_off(const wire::Header& frame, const std::string& why);
  bool is_cut_off(std::uint32_t member) const;
  void avoid_cut_off(rpc::OutgoingCall& call) const;
  void forget_cut_off(const std::vector<MemberId>& left);
  void forget_all_cut_off();

  // node_parking.cpp
  void park(rpc::OutgoingCall& call, std::span<const std::byte> frame, base::SteadyTime not_before);
  bool unpark(const rpc::OutgoingCall& call);
  void retry_parked(bool directory_changed);

  // node_waits.cpp
  base::Result<void> wait_for(const Directory::Check& check, const std::string& what, base::Deadline deadline);
  void wait_for_async(const Directory::Check& check, const std::string& what, base::Deadline deadline,
                      std::function<void(base::Result<void>)> done);
  base::Failure over_while_waiting(const std::string& what) const;
  void run_due_waits();
  void expire_waits(base::SteadyTime now);
  base::Result<std::string> documentation(const std::string& process, const std::string& callback,
                                          base::Deadline deadline);
  void on_described(const wire::Frame& frame);

  const std::uint64_t serial;  ///< tells nodes of this process apart, for what threads keep about them
  net::Loop& loop;
  const std::shared_ptr<rpc::Engine> engine;
  const Options options;
  const Events events;
  Directory directory;
  Balancer balancer;
  rpc::CallTable calls;
  rpc::Transfers values;  ///< large ones, on their way
  std::shared_ptr<rpc::Server> server;
  std::shared_ptr<rpc::Schedules> schedules;
  std::shared_ptr<rpc::CodeService> code;

  base::AtomicShared<session::Channel> channel;  ///< the connection, once the directory is here
  /// The same, unless it has ended and the loop's thread has yet to come to that.
  std::shared_ptr<session::Channel> live_channel() const;
  /// The connection from its first frame on: calls of others are served, and answered, before the directory is here.
  base::AtomicShared<session::Channel> answering;
  std::atomic<std::uint32_t> epoch{0}, own_id{0};
  std::atomic<bool> stopping{false}, stop_done{false}, draining{false};
  std::atomic<session::Trust> trust{session::Trust::none};  ///< in the controller's stamps on members
  std::atomic<std::uint64_t> calls_sent{0}, late_replies{0}, bounced{0}, resent{0}, reconnects{0};
  std::atomic<std::int64_t> last_async_send{0};
  std::shared_ptr<const AsyncCall::Support> async_support;
  const std::shared_ptr<std::atomic<std::size_t>> incoming_streams = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<std::size_t> outgoing_streams{0};
  std::atomic<std::uint64_t> late_items{0};

  mutable base::Mutex cut_mutex;
  std::set<std::uint32_t> cut_members DAFFI_GUARDED_BY(cut_mutex);  ///< broke the protocol; until they leave
  std::atomic<bool> any_cut{false};

  // The read role.
  session::RateBudget pings_budget{session::kControlRate, clock().now()};  ///< the controller's
  std::unordered_map<std::uint32_t, session::RateBudget> cancel_budgets;   ///< of the members that have cancelled

  // The loop's thread.
  std::unique_ptr<Link> link;
  std::shared_ptr<session::Channel> connecting;  ///< attached, the directory may not be here yet
  std::optional<session::Heartbeat> heartbeat;
  std::uint64_t heard_bytes = 0;
  net::Timer heartbeat_timer, due_timer, away_timer;
  std::set<std::uint32_t> announced;  ///< callback ids that the proof carried
  bool ever_ready = false, away = false;

  std::atomic<base::SteadyTime::rep> next_due{base::SteadyTime::max().time_since_epoch().count()};

  base::Mutex parked_mutex;
  struct Parked {
    rpc::OutgoingCall* call;
    std::vector<std::byte> frame;
    base::SteadyTime not_before;  ///< eta
  };
  std::list<Parked> parked DAFFI_GUARDED_BY(parked_mutex);

  mutable base::Mutex start_mutex;
  rpc::Completion up;                 ///< ready for the first time, or given up
  std::atomic<bool> given_up{false};  ///< trying again is of no use, and `give_up_reason` is set
  std::optional<base::Failure> give_up_reason DAFFI_GUARDED_BY(start_mutex);
  std::string last_attempt DAFFI_GUARDED_BY(start_mutex);  ///< why the last one failed, before the first that did not

  base::Mutex events_mutex;
  std::deque<std::function<void()>> event_queue DAFFI_GUARDED_BY(events_mutex);
  bool events_running DAFFI_GUARDED_BY(events_mutex) = false;
  bool told_connected DAFFI_GUARDED_BY(events_mutex) = false;

  base::Mutex waits_mutex;
  struct TimedWait {
    base::SteadyTime until;
    std::function<void()> expired;
  };
  std::map<std::uint64_t, TimedWait> timed_waits DAFFI_GUARDED_BY(waits_mutex);  ///< by the directory's wait id
  struct Asked {
    rpc::Completion done;
    std::optional<std::string> text;
  };
  std::map<std::uint64_t, Asked*> asked DAFFI_GUARDED_BY(waits_mutex);  ///< documentation requests by frame id
  std::uint64_t next_asked DAFFI_GUARDED_BY(waits_mutex) = 1;

  base::Mutex feeds_mutex;
  /// With a deadline, and perhaps still without a first item; those that have ended go when others come.
  std::vector<std::weak_ptr<FeedCall>> unbegun_feeds DAFFI_GUARDED_BY(feeds_mutex);
  base::Mutex lost_mutex;
  /// Calls sent to members that were lost then; by the ping's id.
  std::map<std::uint64_t, std::vector<rpc::CallTable::Answered>> lost_with_calls DAFFI_GUARDED_BY(lost_mutex);
  std::uint64_t next_lost DAFFI_GUARDED_BY(lost_mutex) = kHeartbeatPing + 1;

  base::Mutex fires_mutex;
  std::size_t fires DAFFI_GUARDED_BY(fires_mutex) = 0;  ///< calls without a result that are not acknowledged yet
  rpc::Completion* fires_done DAFFI_GUARDED_BY(fires_mutex) = nullptr;
};

/// The time a call's caller still waits, as its frame says it.
std::uint32_t remaining_ms(base::Deadline deadline, base::SteadyTime now);
/// The arguments of a call that a place is looked for, as an error's text shows them; empty for a stream's.
std::string given_arguments(const rpc::OutgoingCall& call);
/// What a call is told after stop().
base::Failure stopped_failure();
/// What stop() ends a call with that is under way: one that was sent may have run.
base::Failure ended_by_stop(const rpc::OutgoingCall& call);

}  // namespace daffi::node
