/// @file  Environment: where a Global's roles get their loop, their threads and their connections.
#pragma once

#include <functional>
#include <memory>

#include "base/result.hpp"
#include "controller/controller.hpp"
#include "global/event_queue.hpp"
#include "global/plan.hpp"
#include "net/endpoint.hpp"
#include "net/loop.hpp"
#include "rpc/engine.hpp"

namespace daffi::global_ {

/// The real one has threads and sockets; a test cluster's has neither. Threads: any.
class Environment {
 public:
  virtual ~Environment() = default;

  virtual net::Loop& loop() = 0;
  /// Runs `task` on the loop's thread and waits for its end.
  virtual void on_loop(const std::function<void()>& task) = 0;
  virtual base::Result<std::shared_ptr<rpc::Engine>> make_engine(const rpc::EngineOptions& options) = 0;
  virtual std::unique_ptr<EventQueue> make_events() = 0;

  /// How a node finds a controller elsewhere.
  virtual std::unique_ptr<net::Connector> make_connector(const Plan& plan) = 0;
  /// How a node reaches the controller of its own process: both ends of a new connection.
  virtual base::Result<std::pair<std::unique_ptr<net::Stream>, std::unique_ptr<net::Stream>>> make_own_connection() = 0;
  /// Lets a controller accept connections. Strand: the loop's thread.
  virtual base::Result<net::Endpoint> listen(controller::Controller& controller, const Plan& plan) = 0;
};

base::Result<std::unique_ptr<Environment>> make_real_environment();

}  // namespace daffi::global_
