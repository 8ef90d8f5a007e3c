/// @file  A process for the fault cases: controller, callee, caller or all of them, with a ledger of what it did.
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <thread>

#include "daffi/daffi.hpp"
#include "faults/ledger.hpp"
#include "faults/programs/load.hpp"
#include "faults/programs/services.hpp"

namespace daffi::tests {
namespace {

std::string option(int argc, char** argv, const std::string& name, const std::string& otherwise = "") {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (argv[i] == "--" + name) return argv[i + 1];
  }
  return otherwise;
}

double number(int argc, char** argv, const std::string& name, const char* otherwise) {
  return std::atof(option(argc, argv, name, otherwise).c_str());
}

GlobalOptions global_options(int argc, char** argv) {
  GlobalOptions options;
  options.process_name = option(argc, argv, "name");
  options.unix_sock_path = option(argc, argv, "folder");
  if (const auto host = option(argc, argv, "host"); !host.empty()) options.host = host;
  if (const auto port = option(argc, argv, "port"); !port.empty()) options.port = std::atoi(port.c_str());
  options.init_controller = !option(argc, argv, "controller").empty();
  options.init_node = !options.init_controller;
  options.ssl_certificate = option(argc, argv, "certificate");
  options.ssl_key = option(argc, argv, "key");
  options.heartbeat = number(argc, argv, "heartbeat", "15");
  options.grace = number(argc, argv, "grace", "5");
  options.connect_wait = number(argc, argv, "connect-wait", "30");
  options.drain_timeout = number(argc, argv, "drain", "20");
  options.state_dir = option(argc, argv, "state");
  options.handler_threads = static_cast<std::size_t>(number(argc, argv, "threads", "512"));
  return options;
}

LoadOptions load_options(int argc, char** argv) {
  LoadOptions options;
  std::istringstream kinds(option(argc, argv, "load"));
  for (std::string kind; std::getline(kinds, kind, ',');) options.kinds.push_back(kind);
  options.receiver = option(argc, argv, "receiver");
  options.timeout = number(argc, argv, "timeout", "10");
  options.pause = std::chrono::microseconds(static_cast<long>(number(argc, argv, "pause-us", "1000")));
  options.items = static_cast<int>(number(argc, argv, "items", "500"));
  options.size = static_cast<int>(number(argc, argv, "size", "400000"));
  options.sip = std::chrono::microseconds(static_cast<long>(number(argc, argv, "sip-us", "0")));
  return options;
}

// SIGUSR1 ends the load; before that, every thread has to be born with the signal blocked.
class LoadEnd {
 public:
  LoadEnd() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }
  void watch(Load& load) {
    std::thread([this, &load] {
      int signal = 0;
      sigwait(&signals_, &signal);
      load.stop();
      say("finished " + std::to_string(load.succeeded()) + " " + std::to_string(load.failed()));
    }).detach();
  }

 private:
  sigset_t signals_{};
};

void describe(const GlobalStats& stats) {
  std::ostringstream out;
  out << "stats pending " << stats.pending_calls << " running " << stats.running_calls << " transfers "
      << stats.transfers << " late " << stats.late_replies << " bounced " << stats.bounced << " resent " << stats.resent
      << " busy " << stats.refused_busy << " draining " << stats.refused_draining << " reconnects " << stats.reconnects
      << " members " << stats.members << " refused " << stats.refused_sessions << " slow " << stats.slow_consumers;
  say(out.str());
}

void wait_for_callees(Global& g, const std::string& receiver) {
  g.wait_function("serving");
  if (receiver.empty()) return;
  const auto serves = [&] {
    const auto all = g.registered_callbacks();
    const auto found = all.find(receiver);
    return found != all.end() && std::ranges::count(found->second, "serving") > 0;
  };
  while (!serves()) std::this_thread::yield();
}

int run(int argc, char** argv) {
  // A file that may not grow is an error of a system call, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  LoadEnd end_of_load;
  Ledger ledger(option(argc, argv, "ledger"), option(argc, argv, "name"));
  Global g(global_options(argc, argv));
  std::unique_ptr<Services> services;
  if (!option(argc, argv, "serve").empty()) {
    const auto pause = std::chrono::microseconds(static_cast<long>(number(argc, argv, "sip-us", "0")));
    services = std::make_unique<Services>(g, ledger, ServiceOptions{option(argc, argv, "changes"), pause});
  }
  std::unique_ptr<Load> load;
  if (auto options = load_options(argc, argv); !options.kinds.empty()) {
    wait_for_callees(g, options.receiver);
    load = std::make_unique<Load>(g, ledger, std::move(options));
    end_of_load.watch(*load);
  }
  say("ready on " + std::to_string(g.port()));
  g.join({.stop_on_signals = true});
  if (load) load->stop();
  services = nullptr;
  describe(g.stats());
  ledger.closed();
  say("stopped in order");
  return 0;
}

}  // namespace
}  // namespace daffi::tests

int main(int argc, char** argv) { return daffi::tests::run(argc, argv); }
