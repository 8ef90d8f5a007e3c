/// @file  Node: a process's membership: its connection to the controller, its callbacks, its calls.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "daffi/detail/core.hpp"
#include "daffi/detail/invocation.hpp"
#include "daffi/detail/item_stream.hpp"
#include "net/endpoint.hpp"
#include "rpc/code_runner.hpp"
#include "rpc/engine.hpp"
#include "rpc/system_callbacks.hpp"
#include "session/handshake.hpp"

namespace daffi::node {

/// Bounds and times; every one has a counter and one action when reached. Value.
struct Options {
  std::string process_name;
  session::Secrets secrets;
  std::string language = "c++";
  bool observer = false;                                   ///< not shown to others (the command)
  std::optional<base::Duration> connect_timeout;           ///< for start(); nothing: keeps trying
  base::Duration connect_wait = std::chrono::seconds(30);  ///< calls wait this long for a controller that is away
  base::Duration default_timeout{0};                       ///< for calls that give none; zero: none
  base::Duration heartbeat = std::chrono::seconds(15);
  base::Duration grace = std::chrono::seconds(5);
  base::Duration drain_timeout = std::chrono::seconds(20);
  detail::Balance balance = detail::Balance::round_robin;
  bool allow_code = false;                    ///< from whoever has proved by TLS who they are
  std::size_t max_message_size = 256u << 20;  ///< arguments of a call, or a result
  std::size_t max_arriving_bytes = std::size_t{1}
                                   << 30;  ///< large ones on their way in, all together; not less than one
  std::size_t max_pending_calls = 1u << 16;
  std::size_t max_queued_bytes = 64u << 20;
  std::string state_dir;             ///< where scheduled tasks are kept; empty: they end with the process
  bool verified_schedulers = false;  ///< kept tasks of others are dropped at the start
  std::size_t max_streams = 1024;    ///< open at once, in each of the directions: made here, served here
};

/// What the Global is told. Called on a handler thread, in order, no lock held.
struct Events {
  std::function<void()> connected;
  std::function<void(const std::string& why)> disconnected;
};

/// One process as the directory shows it. Value.
struct MemberView {
  struct CallbackView {
    std::string name;
    Signature signature;
    std::vector<std::string> callers;  ///< who may call; empty: every member
  };
  std::string process_name;
  std::string language;
  std::string identity;
  bool suspended = false, draining = false;
  std::vector<CallbackView> callbacks;  ///< in order of registration
};

/// A snapshot of the counters. Value.
struct Stats {
  std::size_t pending_calls = 0, running_calls = 0, queued_requests = 0, handler_threads = 0, transfers = 0;
  std::uint64_t calls_sent = 0, calls_served = 0, late_replies = 0, bounced = 0, resent = 0, refused_busy = 0,
                refused_draining = 0, reconnects = 0, expired_unrun = 0;
  std::size_t scheduled_tasks = 0;
  std::uint64_t scheduled_runs = 0, skipped_runs = 0;
};

/// Threads: any, unless said otherwise. Blocking members may be called on user threads and inside callbacks, never on
/// the loop's thread.
class Node {
 public:
  Node(net::Loop& loop, std::shared_ptr<rpc::Engine> engine, std::unique_ptr<net::Connector> connector, Options options,
       Events events);
  ~Node();  ///< stop(0) if that was not done
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Takes up the tasks of `state_dir`, connects and waits until the directory is here. Failure: initialization,
  /// connect_timeout, name_taken, refused, not_permitted.
  /// The first log line of a controller that is away comes after one second.
  base::Result<void> start();
  /// Refuses new calls, lets running ones end (at most `limit`), flushes what was accepted, says goodbye, fails what is
  /// still pending. Idempotent. From inside a callback it does not wait for that callback.
  void stop(base::Duration limit);
  bool stopped() const;
  /// Announces that no new calls are taken; others choose other holders. stop() begins with it.
  void begin_drain();

  // Callbacks of this process.
  using RegistrationId = std::uint32_t;
  struct Added {
    RegistrationId id = 0;
    std::shared_ptr<const void> replaced;  ///< what was there under that name; may hold the last of what it captured
  };
  Added add_callback(detail::CallbackSpec spec);
  /// Takes it out of the directory and waits until running calls of it have ended (not for the caller's own).
  void remove_callback(RegistrationId id);

  /// Serves one of the system's own callbacks, for good. Before start(), or callers may find it missing.
  void add_system_callback(rpc::SystemCallback id, std::string name, rpc::SystemHandler handler);

  /// From now on code of that kind, sent by others who may, runs here.
  void add_code_runner(std::string kind, std::shared_ptr<rpc::CodeRunner> runner);

  // Calls to others. `arguments` was written with detail::kCallHeadroom and its content is used up.
  base::Result<void> call(const detail::CallSpec& spec, Writer& arguments, detail::Reply& reply);
  /// With return_result=false the result is nullptr: the call was handed over.
  /// As Core::sends_at_once().
  bool sends_at_once() const;
  base::Result<std::shared_ptr<detail::PendingCall>> start_call(detail::SharedSpec spec, Writer& arguments);

  /// Calls a callback that yields; the call is under way then.
  base::Result<std::unique_ptr<detail::ItemStream>> start_stream(const detail::CallSpec& spec, Writer& arguments);
  /// Streams items to a callback; `here`: the source is asked on this thread, until it has nothing more to say.
  base::Result<std::shared_ptr<detail::PendingCall>> feed(const detail::CallSpec& spec,
                                                          std::unique_ptr<detail::ItemProducer> source, bool here);

  // The directory.
  /// What the controller verified about a process, this one included, as far as the controller may be believed.
  /// Nothing: no such process.
  std::optional<wire::Identity> identity_of(const std::string& process) const;
  detail::HolderFacts look_up(const std::string& callback, const std::string& receiver) const;
  /// Whether what another process sends may be unpickled or run here; always for this process itself.
  bool runs_code_of(const std::string& process) const;
  bool runs_code_of(std::uint32_t member) const;
  /// One of those who may get a call, when all of them certainly refuse code of this process; else empty.
  std::string refuser_of_code(const std::string& callback, const std::string& receiver) const;
  std::string name_of(std::uint32_t member) const;
  bool speaks_python(const std::string& process) const;
  std::map<std::string, std::vector<std::string>> registered_callbacks() const;  ///< others only, present members
  std::vector<MemberView> members() const;                                       ///< this one included
  base::Result<void> wait_process(const std::string& name, base::Deadline deadline);
  base::Result<void> wait_function(const std::string& name, base::Deadline deadline);
  /// The same without blocking: `done` is called once on a handler thread.
  void wait_process_async(const std::string& name, base::Deadline deadline,
                          std::function<void(base::Result<void>)> done);
  void wait_function_async(const std::string& name, base::Deadline deadline,
                           std::function<void(base::Result<void>)> done);
  /// Documentation texts of another process's callbacks, fetched from the controller. Blocks.
  base::Result<std::string> documentation(const std::string& process, const std::string& callback,
                                          base::Deadline deadline);

  /// Queues work for the handler threads.
  void post(std::function<void()> task);
  bool connected() const;
  Stats stats() const;
  const Options& options() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace daffi::node
