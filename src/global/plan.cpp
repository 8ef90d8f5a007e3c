/// @file  Plan: a Global's options, checked and filled in.
#include "global/plan.hpp"

#include <fstream>
#include <set>

#include "base/duration_text.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "net/identity.hpp"
#include "wire/limits.hpp"

namespace daffi::global_ {

namespace {

using base::Failure;
using Check = std::optional<Failure>;

Failure wrong(std::string text) { return base::fail(ErrorCode::initialization, std::move(text)); }

Check check_name(const std::string& name) {
  if (name.size() > wire::kMaxProcessName)
    return wrong("process_name is longer than " + std::to_string(wire::kMaxProcessName) + " bytes");
  if (!is_utf8(name)) return wrong("process_name is not UTF-8");
  return std::nullopt;
}

Check check_address(const GlobalOptions& options) {
  const bool tcp = options.host.has_value() || options.port.has_value();
  if (tcp && !options.unix_sock_path.empty())
    return wrong(std::string("unix_sock_path does not go together with ") + (options.host ? "host" : "port") +
                 ": choose TCP or a UNIX socket");
  if (options.host && options.host->empty()) return wrong("host is empty");
  if (options.port && (*options.port < 0 || *options.port > 65535))
    return wrong("port must be between 0 and 65535: " + std::to_string(*options.port));
  if (tcp && !options.init_controller && options.port.value_or(0) == 0)
    return wrong("port is missing: a node alone must be told where the controller listens");
  return std::nullopt;
}

Check check_file(const std::string& path, const char* argument) {
  if (path.empty() || std::ifstream(path).good()) return std::nullopt;
  return wrong(std::string(argument) + " cannot be read: " + path);
}

Check check_tls(const GlobalOptions& options) {
  if (options.ssl_key.empty() && !options.ssl_certificate.empty())
    return wrong("ssl_key is missing: a certificate needs its key");
  if (options.ssl_certificate.empty() && !options.ssl_key.empty())
    return wrong("ssl_certificate is missing: a key needs its certificate");
  if (options.init_controller && !options.ssl_ca.empty() && options.ssl_certificate.empty())
    return wrong("ssl_certificate is missing: with ssl_ca a controller needs a certificate of its own");
  for (const auto& [path, argument] : {std::pair(&options.ssl_certificate, "ssl_certificate"),
                                       std::pair(&options.ssl_key, "ssl_key"), std::pair(&options.ssl_ca, "ssl_ca")})
    if (auto failure = check_file(*path, argument)) return failure;
  return std::nullopt;
}

Check check_roles(const GlobalOptions& options) {
  if (options.token_roles.empty()) return std::nullopt;
  if (!options.init_controller) return wrong("token_roles is for the controller: a node proves one token, its own");
  if (options.token.empty()) return wrong("token is missing: token_roles are beside the controller's own token");
  if (options.token_roles.size() > wire::kMaxTokenRoles)
    return wrong("token_roles has more than " + std::to_string(wire::kMaxTokenRoles) + " roles");
  std::set<std::string> tokens{options.token};
  for (const auto& [role, token] : options.token_roles) {
    if (role.empty() || role.size() > wire::kMaxIdentityText || !is_utf8(role))
      return wrong("token_roles: a role's name has 1 to " + std::to_string(wire::kMaxIdentityText) + " bytes of UTF-8");
    if (token.empty()) return wrong("token_roles: the token of role '" + role + "' is empty");
    if (!tokens.insert(token).second) return wrong("token_roles: the token of role '" + role + "' is another's too");
  }
  return std::nullopt;
}

Check check_durations(const GlobalOptions& options) {
  const std::pair<const Duration*, const char*> durations[] = {
      {&options.grace, "grace"},
      {&options.heartbeat, "heartbeat"},
      {&options.connect_timeout, "connect_timeout"},
      {&options.connect_wait, "connect_wait"},
      {&options.default_timeout, "default_timeout"},
      {&options.drain_timeout, "drain_timeout"},
      {&options.busy_poll, "busy_poll"},
  };
  for (const auto& [duration, argument] : durations)
    if (duration->is_negative())
      return wrong(std::string(argument) + " must not be negative: " + base::format_duration(duration->nanoseconds()));
  if (options.heartbeat.nanoseconds() < std::chrono::seconds(1))
    return wrong("heartbeat must be at least 1s: " + base::format_duration(options.heartbeat.nanoseconds()));
  if (options.busy_poll.nanoseconds() > std::chrono::milliseconds(10))
    return wrong("busy_poll must be at most 10ms: " + base::format_duration(options.busy_poll.nanoseconds()));
  return std::nullopt;
}

Check check_limits(const GlobalOptions& options) {
  if (options.handler_threads < 1 || options.handler_threads > 16384)
    return wrong("handler_threads must be between 1 and 16384: " + std::to_string(options.handler_threads));
  if (options.max_message_size < 1024)
    return wrong("max_message_size must be at least 1024 bytes: " + std::to_string(options.max_message_size));
  if (options.max_connections < 8)
    return wrong("max_connections must be at least 8: " + std::to_string(options.max_connections));
  if (options.max_connections_per_address < 4)
    return wrong("max_connections_per_address must be at least 4: " +
                 std::to_string(options.max_connections_per_address));
  if (options.balance == Balance::sticky)
    return wrong("balance must not be sticky for all calls: give it, with its key, to a modifier");
  return std::nullopt;
}

Check check(const GlobalOptions& options) {
  if (!options.init_controller && !options.init_node)
    return wrong("init_controller and init_node are both false: there is nothing to start");
  for (const auto part : {&check_address, &check_tls, &check_roles, &check_durations, &check_limits})
    if (auto failure = part(options)) return failure;
  if (!options.state_dir.empty()) {
    if (options.process_name.empty())
      return wrong("state_dir needs a process_name: under a random one nobody would find what it keeps");
    if (!options.init_node || options.observer) return wrong("state_dir needs a node that others can call");
  }
  return check_name(options.process_name);
}

net::Endpoint endpoint_of(const GlobalOptions& options) {
  net::Endpoint endpoint;
  if (options.host || options.port) {
    endpoint.kind = net::Endpoint::Kind::tcp;
    endpoint.host = options.host.value_or("localhost");
    endpoint.port = static_cast<std::uint16_t>(options.port.value_or(0));
  } else {
    endpoint.folder = options.unix_sock_path;
  }
  return endpoint;
}

/// UNIX sockets vouch for the user by themselves; over TCP the user's cookie does.
session::Secrets secrets_of(const GlobalOptions& options, const net::Endpoint& endpoint) {
  session::Secrets secrets;
  secrets.token = options.token;
  for (const auto& [role, token] : options.token_roles) secrets.roles.push_back({role, token});
  if (endpoint.kind != net::Endpoint::Kind::tcp) return secrets;
  auto cookie = net::user_cookie();
  if (cookie.ok())
    secrets.cookie = std::move(cookie).value();
  else
    base::log(LogLevel::warning, "global",
              "going on without proof of this user's identity: " + cookie.failure().message);
  return secrets;
}

node::Options node_options(const GlobalOptions& options, const session::Secrets& secrets) {
  node::Options node;
  node.process_name = options.process_name;
  node.secrets = secrets;
  if (!options.connect_timeout.is_zero()) node.connect_timeout = options.connect_timeout.nanoseconds();
  node.connect_wait = options.connect_wait.nanoseconds();
  node.default_timeout = options.default_timeout.nanoseconds();
  node.heartbeat = options.heartbeat.nanoseconds();
  node.grace = options.grace.nanoseconds();
  node.drain_timeout = options.drain_timeout.nanoseconds();
  node.balance = options.balance == Balance::unset ? Balance::round_robin : options.balance;
  node.observer = options.observer;
  node.state_dir = options.state_dir;
  node.verified_schedulers = !options.token.empty() || !options.ssl_certificate.empty() || !options.ssl_ca.empty();
  node.allow_code = options.allow_code;
  node.max_message_size = options.max_message_size;
  return node;
}

controller::Options controller_options(const GlobalOptions& options, const session::Secrets& secrets, bool tls) {
  controller::Options controller;
  controller.name = options.process_name;
  controller.secrets = secrets;
  controller.require_proof = tls || !options.token.empty();
  controller.heartbeat = options.heartbeat.nanoseconds();
  controller.grace = options.grace.nanoseconds();
  controller.max_connections = options.max_connections;
  controller.max_connections_per_address = options.max_connections_per_address;
  return controller;
}

}  // namespace

base::Result<Plan> make_plan(const GlobalOptions& given) {
  if (auto failure = check(given)) return *std::move(failure);
  GlobalOptions options = given;
  if (options.process_name.empty()) options.process_name = base::random_hex(16);

  Plan plan;
  const net::TlsFiles files{options.ssl_certificate, options.ssl_key, options.ssl_ca};
  if (files.any()) {
    auto tls = net::TlsContext::load(files);
    if (!tls.ok()) return std::move(tls).failure();
    plan.tls = std::move(tls).value();
  }
  plan.endpoint = endpoint_of(options);
  const auto secrets = secrets_of(options, plan.endpoint);
  plan.node = node_options(options, secrets);
  plan.controller = controller_options(options, secrets, plan.tls != nullptr);
  plan.engine.handler_threads = options.handler_threads;
  plan.engine.busy_poll = options.busy_poll.nanoseconds();
  plan.process_name = options.process_name;
  plan.init_controller = options.init_controller;
  plan.init_node = options.init_node;
  plan.drain_timeout = options.drain_timeout.nanoseconds();
  plan.on_init = std::move(options.on_init);
  plan.on_node_connect = std::move(options.on_node_connect);
  plan.on_node_disconnect = std::move(options.on_node_disconnect);
  return plan;
}

}  // namespace daffi::global_
