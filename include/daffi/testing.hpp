/// @file  Cluster: a controller and any number of processes inside one test, over memory, on a clock that is moved by
/// hand.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "daffi/daffi.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1::testing {

/// Tests of services without ports, threads or sleeps:
///
///     daffi::testing::Cluster cluster;
///     daffi::Global& shop = cluster.node("shop");
///     shop.serve(std::make_shared<ShoppingService>());
///     daffi::Global& client = cluster.node("client");
///     EXPECT_EQ(daffi::Fetch<int()>(client, "count")(), 0);
///
/// Everything runs on the test's own thread, in the same order each time. A call that waits runs what there is to run,
/// callbacks included, and when nothing can happen now it moves the clock: a timeout of an hour is over at once,
/// exactly one hour later. Without a bound a wait gives up after an hour of this clock.
///
/// Resource. Threads: the one that made it, which also destroys it; its Globals likewise. Clusters on one thread end in
/// the reverse order of their beginning.
class DAFFI_API Cluster {
 public:
  /// With a controller that runs.
  Cluster();
  /// The same; of the options the controller's `token` and `token_roles` count. Its processes prove the token that
  /// their options give, or else the controller's.
  explicit Cluster(const GlobalOptions& controller);
  /// Destroys the Globals, stopping them without waiting for anything.
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// The process of that name: made when it is first asked for, connected when this returns. Lives as long as the
  /// cluster, or until remove().
  Global& node(const std::string& name);
  /// Makes it with options; what they say about name, roles, address and TLS does not count here, nor a token unless
  /// the controller has one. Throws InitializationError when there is one of that name.
  Global& node(const std::string& name, GlobalOptions options);
  /// A second process that says it is `process_name`, while perhaps another one has that name; here it goes by `name`.
  /// Throws InitializationError (name_taken) when the other one is there and answers.
  Global& rival(const std::string& name, const std::string& process_name);
  /// Ends a process in order, as leaving main() does; node() makes a new one after it.
  void remove(const std::string& name);

  /// Runs all that can happen now and in the next 100 ms: what was announced has arrived then.
  void settle();
  /// Moves the clock; what becomes due runs on the way, at its own time.
  void advance(Duration span);
  /// The cluster's clock. Starts somewhere, moves only as said above.
  [[nodiscard]] std::chrono::nanoseconds now() const;

  /// Breaks a process's connection, once, as a pulled cable does; it will connect again.
  void cut(const std::string& name);
  /// Breaks it and lets it come back only after join_again(): the process as if killed, or far away.
  void isolate(const std::string& name);
  void join_again(const std::string& name);
  /// Keeps back every byte from and to a process until thaw(): it is frozen, its connection is not broken.
  void freeze(const std::string& name);
  void thaw(const std::string& name);

  void stop_controller();
  void start_controller();

 private:
  Global& make(const std::string& name, const std::string& process_name, GlobalOptions options);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace daffi::inline v1::testing
