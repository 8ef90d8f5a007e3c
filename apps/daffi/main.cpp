/// @file  The `daffi` command: a controller on its own, and a look and a call into a running system.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "daffi/commands.hpp"
#include "daffi/version.hpp"

namespace {

using namespace daffi_command;

// Without it CLI11 answers a slip with the limits of a double.
CLI::Validator seconds(double least) {
  return CLI::Validator(
      [least](const std::string& text) {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size() && std::isfinite(value) && value >= least)
          return std::string();
        return "'" + text + "' is no number of seconds" + (least > 0 ? " above zero" : "");
      },
      "SECONDS");
}

void add_address(CLI::App& app, Address& address, bool connects) {
  const auto verb = std::string(connects ? "of the controller" : "to listen on");
  auto* host = app.add_option("--host", address.host, "Host " + verb + " [DAFFI_HOST]");
  auto* port = app.add_option("--port", address.port,
                              std::string(connects ? "TCP port of the controller"
                                                   : "TCP port to listen on; 0 takes a free one") +
                                  " [DAFFI_PORT]")
                   ->check(CLI::Range(0, 65535));
  app.add_option("--unix-sock-path", address.unix_sock_path,
                 "Folder of the UNIX socket; default without host and port: 'daffi' in the temporary directory "
                 "[DAFFI_UNIX_SOCK_PATH]")
      ->excludes(host)
      ->excludes(port);
  app.add_option("--token", address.token, "Shared secret; better given as DAFFI_TOKEN, which others cannot see")
      ->envname("DAFFI_TOKEN");
  app.add_option("--ssl-certificate", address.ssl_certificate, "PEM file with the certificate");
  app.add_option("--ssl-key", address.ssl_key, "PEM file with the certificate's key");
  app.add_option("--ssl-ca", address.ssl_ca, "PEM file of the authority that signed both sides' certificates");
  if (connects) {
    app.add_option("--connect-timeout", address.connect_timeout, "Seconds to wait for the controller")
        ->capture_default_str()
        ->check(seconds(1e-9));
  }
}

void add_timeout(CLI::App& app, double& timeout, const std::string& what = "the answer") {
  app.add_option("--timeout", timeout, "Most seconds to wait for the controller, and then for " + what)
      ->check(seconds(0));
}

// Fills what the command line left open from the environment, then runs.
template <typename Command>
int run(Command& command) {
  if (const std::string complaint = command.address.take_environment(); !complaint.empty()) {
    std::fprintf(stderr, "daffi: %s\n", complaint.c_str());
    return kUsage;
  }
  const int status = command.run();
  // A full disk is told of when the last of it is written.
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::fprintf(stderr, "daffi: the output cannot be written: %s\n", std::strerror(errno));
  return status == kSuccess ? kFailed : status;
}

// CLI11 would only say that a subcommand is missing.
const char* unknown_subcommand(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return nullptr;
  for (const CLI::App* known : app.get_subcommands({})) {
    if (known->get_name() == argv[1]) return nullptr;
  }
  return argv[1];
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Remote procedure calls between processes: run a controller, see who is there, call.", "daffi");
  app.set_version_flag("--version", std::string(DAFFI_VERSION));
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 success, 1 the call failed, 2 wrong usage, 3 no controller or refused by it, 4 not in time, 130 a "
      "stream ended by Ctrl-C.\n"
      "The address may also stand in DAFFI_HOST, DAFFI_PORT, DAFFI_UNIX_SOCK_PATH, the token in DAFFI_TOKEN; options "
      "win.");

  ControllerCommand controller;
  auto* controller_app = app.add_subcommand("controller", "Run a controller until SIGINT or SIGTERM");
  controller_app->add_option("--name", controller.name, "Process name, for log lines");
  controller_app->add_option("--token-roles", controller.token_roles,
                             "File (0600) with a role, a blank and that role's token in each line; needs a token");
  add_address(*controller_app, controller.address, false);

  ListCommand list;
  auto* list_app = app.add_subcommand("ls", "List processes and their callbacks");
  list_app->add_flag("--json", list.json, "As JSON, with documentation texts");
  add_timeout(*list_app, list.timeout);
  add_address(*list_app, list.address, true);

  CallCommand call;
  auto* call_app = app.add_subcommand("call", "Call a callback and print its result as JSON");
  call_app->add_option("name", call.name, "Name of the callback")->required();
  call_app->add_option("arguments", call.arguments, "Arguments, each as JSON: 1 '\"text\"' '[1, 2]'");
  call_app->add_option("--kw", call.keywords, "Keyword argument, NAME=JSON; may be given more than once")
      ->allow_extra_args(false);
  auto* receiver = call_app->add_option("--receiver", call.receiver, "Only this process");
  call_app
      ->add_flag("--broadcast", call.broadcast,
                 "Every process that has it: prints an object, results by process name; errors go to stderr")
      ->excludes(receiver);
  add_timeout(*call_app, call.timeout, "the result");
  call_app->add_flag("--stream", call.stream,
                     "The callback gives a stream: print each item as one line of JSON, until it ends or Ctrl-C");
  add_address(*call_app, call.address, true);
  call_app->footer("Negative numbers are given behind --: daffi call add -- -1 -2");

  WaitCommand wait;
  auto* wait_app = app.add_subcommand("wait", "Wait until a callback is there");
  wait_app->add_option("name", wait.name, "Name of the callback")->required();
  wait_app->add_flag("--process", wait.process, "NAME is a process");
  add_timeout(*wait_app, wait.timeout, "it");
  add_address(*wait_app, wait.address, true);

  TasksCommand tasks;
  auto* tasks_app = app.add_subcommand("tasks", "List the scheduled tasks of a process");
  tasks_app->add_option("process", tasks.process, "Name of the process that runs them")->required();
  tasks_app->add_flag("--json", tasks.json, "As JSON");
  add_timeout(*tasks_app, tasks.timeout);
  add_address(*tasks_app, tasks.address, true);

  CancelCommand cancel;
  auto* cancel_app = app.add_subcommand("cancel", "End a scheduled task");
  cancel_app->add_option("process", cancel.process, "Name of the process that runs it")->required();
  cancel_app->add_option("uuid", cancel.uuid, "The task, as `daffi tasks` shows it")->required();
  add_timeout(*cancel_app, cancel.timeout);
  add_address(*cancel_app, cancel.address, true);

  if (const char* name = unknown_subcommand(app, argc, argv)) {
    std::fprintf(stderr, "daffi: there is no subcommand '%s'; `daffi --help` lists them\n", name);
    return kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kSuccess : kUsage;
  }
  if (controller_app->parsed()) return run(controller);
  // What is printed is the answer; lines about the connection would only stand between.
  daffi::set_log_level(daffi::LogLevel::warning);
  if (list_app->parsed()) return run(list);
  if (call_app->parsed()) return run(call);
  if (tasks_app->parsed()) return run(tasks);
  if (cancel_app->parsed()) return run(cancel);
  return run(wait);
}
