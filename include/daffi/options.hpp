/// @file  GlobalOptions: everything a Global can be told, in one table with units and defaults.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "daffi/duration.hpp"
#include "daffi/modifiers.hpp"

namespace daffi::inline v1 {

class Global;

/// A lifecycle hook: the Global, and the process whose node it is about. Runs on a thread of the Global's own, one
/// hook at a time, in the order of the events (on_init: on the constructing thread); it may block and may call others.
/// What it throws is logged.
using LifecycleHook = std::function<void(Global&, const std::string& process_name)>;

/// Value. With `daffi::Global g{{.host = "localhost", .port = 8888}}` name only what differs, in this order.
/// docs/options.md is checked against this table. Documentation: 4, 7.1.
struct GlobalOptions {
  /// Name of this process for the others. Default: random hexadecimal digits.
  std::string process_name = {};
  /// Run the Controller in this process.
  bool init_controller = false;
  /// Run a Node in this process; without one it can neither call nor be called.
  bool init_node = true;
  /// Host for TCP: where the controller listens, or where the node finds it. Default: UNIX socket, or with `port`
  /// localhost. "localhost" and loopback addresses listen on loopback only.
  std::optional<std::string> host = std::nullopt;
  /// TCP port, 0 to 65535. Default with `host`: a free one, see Global::port(); a node alone needs it.
  std::optional<int> port = std::nullopt;
  /// Folder of the UNIX socket, made when missing (0700). Not together with `host` or `port`. Default: "daffi" in the
  /// temporary directory.
  std::string unix_sock_path = {};
  /// PEM file; with `ssl_key`, and alike on both sides, mutual TLS pinned to this certificate.
  std::string ssl_certificate = {};
  /// PEM file with the certificate's key.
  std::string ssl_key = {};

  /// Once, when everything is up, before the constructor returns.
  LifecycleHook on_init = {};
  /// At each connection of the own node to the controller; where the controller runs also when another process joins.
  LifecycleHook on_node_connect = {};
  /// At each loss of it; where the controller runs also when another process has left for good (after `grace`).
  LifecycleHook on_node_disconnect = {};

  /// Shared secret: a controller that has one admits only who proves to know it. It is never sent. Default: none.
  std::string token = {};
  /// Where the controller runs: further tokens by the name of a role, at most 32. Who proves one of them is let in, and
  /// is known by that role: callbacks can be for certain roles only. Needs `token`. Default: none.
  std::map<std::string, std::string> token_roles = {};
  /// PEM file of the authority that signs both sides' certificates: ordinary TLS with host name verification instead
  /// of pinning. Default: none.
  std::string ssl_ca = {};

  /// How long a process whose connection broke may take to come back as the same one, and how long calls wait for it,
  /// or for a successor where all holders are stopping. Default: 5 s.
  Duration grace = std::chrono::seconds(5);
  /// A peer silent for this long is lost. At least 1 s. Default: 15 s.
  Duration heartbeat = std::chrono::seconds(15);
  /// Bound on the constructor's wait for the controller. Default: none, it keeps trying.
  Duration connect_timeout = {};
  /// How long a call without a timeout waits for a controller that is away. Default: 30 s.
  Duration connect_wait = std::chrono::seconds(30);
  /// Timeout of calls that give none. Default: none.
  Duration default_timeout = {};
  /// How long stop() lets running callbacks finish. Default: 20 s.
  Duration drain_timeout = std::chrono::seconds(20);
  /// Most threads that run callbacks; beyond, calls are answered "busy, not run". 1 to 16384. Default: 512.
  std::size_t handler_threads = 512;
  /// Most bytes of one call's arguments or result. At least 1024. Default: 256 MiB.
  std::size_t max_message_size = std::size_t{256} << 20;
  /// Where the controller runs: most connections, in any state. At least 8. Default: 32768.
  std::size_t max_connections = 32768;
  /// Where the controller runs: most connections from one address; those over its UNIX socket are not counted so. At
  /// least 4. Default: 8192.
  std::size_t max_connections_per_address = 8192;
  /// How long a blocked caller spins before it sleeps: quicker on an idle machine, at the cost of processor time.
  /// At most 10 ms. Default: none.
  Duration busy_poll = {};
  /// How one of several holders of a callback is chosen when the modifier does not say. Default: round_robin.
  Balance balance = Balance::round_robin;
  /// Folder, made when missing (0700), where the tasks that others schedule here (PERIOD) are kept, so that they
  /// survive a restart of this process. Needs a process_name. Default: none, they end with the process.
  std::string state_dir = {};
  /// This process only calls and looks: others do not see it join, list or leave. It cannot be called. Default: false.
  bool observer = false;
  /// Run code (modules, functions) sent by others who proved by TLS who they are. What the same user's processes on
  /// this host send is run without it. Default: false.
  bool allow_code = false;
};

/// How join() waits. Value.
struct JoinOptions {
  /// SIGINT and SIGTERM make join() stop the Global (draining) and return; a second one ends the process at once with
  /// status 128 plus its number. The previous handlers are put back when join() returns.
  bool stop_on_signals = false;
};

}  // namespace daffi::inline v1
