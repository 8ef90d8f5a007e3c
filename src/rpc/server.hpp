/// @file  Server: calls that come in: queued, run, answered.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/annotations.hpp"
#include "rpc/callbacks.hpp"
#include "rpc/engine.hpp"
#include "rpc/exchange_key.hpp"
#include "rpc/local_call.hpp"
#include "rpc/served_streams.hpp"
#include "rpc/transfers.hpp"
#include "session/channel.hpp"
#include "wire/call_messages.hpp"
#include "wire/header.hpp"
#include "wire/parser.hpp"

namespace daffi::rpc {

/// What the server needs of its node. Threads: any.
class ServerHost {
 public:
  virtual ~ServerHost() = default;
  virtual const base::Clock& clock() const = 0;
  virtual std::string name_of(std::uint32_t member) const = 0;
  virtual Caller caller(std::uint32_t member) const = 0;
  /// Sends a frame over the current connection; dropped when there is none.
  virtual void send(base::Bytes frame, session::Urgency urgency) = 0;
  /// The connection that there is, or nullptr. A stream keeps to the one that it began over: what comes before an item
  /// that goes over another one was lost.
  virtual std::shared_ptr<session::Channel> connection() const = 0;
  /// As send() for an item or end of a stream: gathered with others, behind what is urgent.
  virtual void send_item(base::Bytes frame, session::Channel& over) = 0;
  /// The same for a part of an item, with `front` before its bytes, which are not copied. The header says nothing of
  /// the size.
  virtual void send_part(const wire::Header& part, base::Bytes front, const base::Slice& bytes,
                         session::Channel& over) = 0;
  /// The values on their way, in chunks.
  virtual Transfers& transfers() = 0;
  /// Sends the credit that transfers().in owes.
  virtual void send_grants() = 0;
  /// The connection is still that of the epoch, and the member is there.
  virtual bool reaches(std::uint32_t member, std::uint32_t epoch) const = 0;
  /// Makes sure that Server::expire() is called at `when`, or earlier.
  virtual void expire_at(base::SteadyTime when) = 0;
};

/// Counters. Value.
struct ServerStats {
  std::size_t running = 0;  ///< begun and not answered, deferred ones included
  std::size_t queued = 0;
  std::uint64_t served = 0, refused_busy = 0, refused_draining = 0, expired_unrun = 0, not_permitted = 0;
};

/// Threads: any; on_call(), on_cancel() and caller_lost() under the read role, after_read() on the same thread behind
/// it.
class Server : public std::enable_shared_from_this<Server> {
 public:
  struct Limits {
    std::size_t queued_bytes = 64u << 20;  ///< without arguments that came in chunks, which have a budget
    std::size_t streams = 1024;            ///< that this process serves at once
    std::size_t max_message_size = 256u << 20;
  };
  Server(std::shared_ptr<Engine> engine, std::shared_ptr<ServerHost> host, std::string language, Limits limits);

  Callbacks& callbacks() { return callbacks_; }
  /// Runs one of this process's callbacks on the calling handler thread, as a call that came in would; `done` is called
  /// once it has ended, which may be later. False: there is no such callback, and `done` is not called.
  bool run_local(LocalCall call, LocalDone done);
  /// While it lives, work of this process's own is under way: stop() waits for it as for a call.
  std::shared_ptr<void> busy();

  /// False: the frame breaks the protocol.
  bool on_call(const wire::Frame& frame);
  void on_cancel(const wire::Frame& frame);
  /// The arguments of an announced call have come, or more than that, or without credit.
  void on_large_arguments(InTransfers::Taken taken);
  void after_read();
  /// Those that are under way here; the caller's frames are for them.
  ServedStreams& streams() { return streams_; }

  /// Requests these stops on a handler thread, because that runs user code; also when the engine is being stopped.
  void request_stop(std::vector<std::stop_source> stops);
  /// The caller is gone, perhaps to be back with the next frame: what it had under way here ends in after_read(). The
  /// stop tokens of its calls fire, but for those that wanted no result.
  void caller_lost(std::uint32_t member);
  /// All callers are gone; or this process stops, then all tokens fire.
  void all_callers_lost(bool stopping);
  void expire(base::SteadyTime now);

  /// The callback was taken away: its streams end, their callers are told. Not under the read role.
  void end_streams_of(const CallbackEntry& callback);

  /// From now on calls are refused as draining.
  void begin_drain();
  /// Blocks until no call is queued or running but those that this thread is inside of; false at the deadline.
  bool wait_idle(base::Deadline deadline);
  ServerStats stats() const;

 private:
  friend class Request;
  friend class Answer;
  struct Watched {
    std::stop_source stop;
    base::Deadline deadline;
    bool answered;  ///< its caller waits; whoever wants no result may leave at once
  };

  void take_in(std::span<class Request* const> calls);
  bool on_announced(const wire::Frame& frame, const wire::CallHead& head);
  void forget_large(InTransfers::Owners owners);
  void watch(class Request& request);
  bool open_stream(class Request& request);
  bool permitted(class Request& request);
  bool admit(class Request& request);
  void unwatch(const ExchangeKey& key);
  void refuse(class Request& request, ErrorCode code, std::string_view text);
  void count_busy(std::string_view why);
  void stop_streams(const std::vector<std::shared_ptr<ServedStream>>& streams);
  void begun() { running_.fetch_add(1); }
  void ended();
  void answered(CallbackEntry& entry, const ExchangeKey& key, bool watched);
  void accepted(const wire::Header& call);
  void arrived();
  void wake_if_idle();
  bool idle(std::size_t own) const { return arriving_.load() == 0 && running_.load() <= own && queued_.load() == 0; }

  const std::shared_ptr<Engine> engine_;
  const std::shared_ptr<ServerHost> host_;
  const std::string language_;
  const Limits limits_;
  Callbacks callbacks_;
  ServedStreams streams_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> stopping_{false};  // who still runs is told to end
  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<std::size_t> running_{0}, queued_{0};
  std::atomic<std::size_t> arriving_{0};  // rounds of reading whose calls are neither queued nor refused yet
  std::atomic<std::uint64_t> served_{0}, refused_busy_{0}, refused_draining_{0}, expired_unrun_{0}, not_permitted_{0};
  std::atomic<bool> idle_wanted_{false};
  base::Mutex mutex_;
  Completion* idle_waiter_ DAFFI_GUARDED_BY(mutex_) = nullptr;
  std::size_t idle_own_ DAFFI_GUARDED_BY(mutex_) = 0;
  std::unordered_map<ExchangeKey, Watched, ExchangeKeyHash> watched_
      DAFFI_GUARDED_BY(mutex_);  // calls that can be told to stop
};

}  // namespace daffi::rpc
