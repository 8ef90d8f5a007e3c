/// @file  Plan: a Global's options, checked and filled in.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "controller/controller.hpp"
#include "daffi/options.hpp"
#include "net/endpoint.hpp"
#include "node/node.hpp"
#include "rpc/engine.hpp"

namespace daffi::global_ {

/// Value.
struct Plan {
  std::string process_name;
  bool init_controller = false;
  bool init_node = true;
  net::Endpoint endpoint;                      ///< where the controller listens, or the node finds it
  std::shared_ptr<const net::TlsContext> tls;  ///< null: none
  node::Options node;
  controller::Options controller;
  rpc::EngineOptions engine;
  base::Duration drain_timeout{0};
  /// Of another language's package: these instead of the default registry's.
  std::optional<std::vector<detail::CallbackSpec>> callbacks;
  std::vector<std::pair<std::string, std::shared_ptr<rpc::CodeRunner>>> code_runners;
  LifecycleHook on_init, on_node_connect, on_node_disconnect;
};

/// Checks everything that can be known beforehand and reads the files it names. Failure: initialization, naming the
/// argument.
base::Result<Plan> make_plan(const GlobalOptions& options);

}  // namespace daffi::global_
