/// @file  Property: whatever an application passes on as options is a plan or an error that names the option, never
/// another exception; a plan means what was asked for.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "daffi/error.hpp"
#include "global/plan.hpp"

namespace {

using namespace daffi;

int number(std::string_view text) { return std::atoi(std::string(text).substr(0, 12).c_str()); }

// Lines of NAME=VALUE, as an environment or a command line gives them; files do not exist.
GlobalOptions options_of(std::string_view text) {
  GlobalOptions options;
  // Alone it would make the user's cookie file on the disk.
  options.unix_sock_path = "folder";
  const auto set = [&](std::string_view name, std::string_view value) {
    if (name == "process_name") options.process_name = value;
    if (name == "init_controller") options.init_controller = value == "1";
    if (name == "init_node") options.init_node = value == "1";
    if (name == "unix_sock_path") options.unix_sock_path = value;
    if (name == "token") options.token = value;
    if (name == "role" && value.size() > 1) options.token_roles[std::string(value.substr(1))] = value.substr(0, 1);
    if (name == "state_dir") options.state_dir = value;
    if (name == "grace") options.grace = Duration(std::string(value).c_str());
    if (name == "heartbeat") options.heartbeat = Duration(std::string(value).c_str());
    if (name == "busy_poll") options.busy_poll = Duration(std::string(value).c_str());
    if (name == "handler_threads") options.handler_threads = static_cast<std::size_t>(number(value));
    if (name == "max_message_size") options.max_message_size = static_cast<std::size_t>(number(value));
    if (name == "max_connections") options.max_connections = static_cast<std::size_t>(number(value));
    if (name == "observer") options.observer = value == "1";
    if (name == "host") options.host = std::string(value);
    if (name == "port") options.port = number(value);
  };
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto equals = line.find('=');
    if (equals != std::string_view::npos) set(line.substr(0, equals), line.substr(equals + 1));
  }
  // Where TCP is wanted the cookie would be looked for: what is checked before that is what counts here.
  if (options.host || options.port)
    options.unix_sock_path = options.unix_sock_path.empty() ? "x" : options.unix_sock_path;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  GlobalOptions options;
  try {
    options = options_of({reinterpret_cast<const char*>(data), size});
  } catch (const Error&) {
    return 0;  // a span of time that is none
  }
  const auto plan = global_::make_plan(options);
  if (!plan.ok()) {
    if (plan.failure().message.empty()) std::abort();
    return 0;
  }
  if (plan->process_name.empty() || plan->process_name.size() > 256) std::abort();
  if (!plan->init_controller && !plan->init_node) std::abort();
  if (plan->controller.secrets.token.empty() && !plan->controller.secrets.roles.empty()) std::abort();
  if (plan->controller.secrets.token != options.token || plan->engine.handler_threads == 0) std::abort();
  return 0;
}
