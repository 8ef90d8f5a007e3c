/// @file  What the `daffi` command can do, each with its options; main.cpp fills them from the command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daffi/daffi.hpp"

namespace daffi_command {

/// Exit codes a script can rely on.
enum ExitCode : int {
  kSuccess = 0,
  kFailed = 1,         ///< the callback raised an error, or the call could not be made
  kUsage = 2,          ///< the command line is wrong
  kNoController = 3,   ///< no controller answered, or it refused this process
  kTimeout = 4,        ///< not in time
  kInterrupted = 130,  ///< by Ctrl-C, where there was something to end
};

/// Where the controller is and how to be let in. Value.
struct Address {
  std::optional<std::string> host;
  std::optional<int> port;
  std::string unix_sock_path;
  std::string token, ssl_certificate, ssl_key, ssl_ca;
  double connect_timeout = 5;  ///< seconds

  /// Takes what the command line did not give from DAFFI_HOST, DAFFI_PORT and DAFFI_UNIX_SOCK_PATH; a socket given
  /// there hides a host and port here, and the other way round. What is wrong with them; empty: nothing.
  [[nodiscard]] std::string take_environment();

  /// Options of a Global that is not shown to others. A `timeout` of the command, in seconds, bounds the wait for the
  /// controller, too; 0: none.
  [[nodiscard]] daffi::GlobalOptions observer(double timeout = 0) const;
};

struct ControllerCommand {
  Address address;
  std::string name;
  std::string token_roles;  ///< path of a file
  int run() const;
};

struct ListCommand {
  Address address;
  bool json = false;
  double timeout = 0;  ///< seconds; 0: none
  int run() const;
};

struct CallCommand {
  Address address;
  std::string name;
  std::vector<std::string> arguments;  ///< JSON each
  std::vector<std::string> keywords;   ///< name=JSON each
  std::string receiver;
  double timeout = 0;      ///< seconds; 0: none
  bool broadcast = false;  ///< to every process that has it
  bool stream = false;     ///< the callback yields
  int run() const;

 private:
  static int print_stream(daffi::Global& g, const daffi::LazyStream& lazy, const daffi::FG& how);
};

struct WaitCommand {
  Address address;
  std::string name;
  bool process = false;
  double timeout = 0;
  int run() const;
};

struct TasksCommand {
  Address address;
  std::string process;
  bool json = false;
  double timeout = 0;
  int run() const;
};

struct CancelCommand {
  Address address;
  std::string process, uuid;
  double timeout = 0;
  int run() const;
};

/// Writes the error to stderr, with whose it is where that is not clear; the exit code it stands for.
int report(const daffi::Error& error, const std::string& process = {});

/// Runs `body`, turning what it throws into a line on stderr and an exit code.
template <typename Body>
int guarded(Body body) {
  try {
    return body();
  } catch (const daffi::Error& error) {
    return report(error);
  }
}

/// True when people read `stdout` on a terminal that shows colours.
bool colours();

}  // namespace daffi_command
