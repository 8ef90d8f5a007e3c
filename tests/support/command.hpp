/// @file  Runs a program to its end for tests, and the `daffi` command in particular.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/process.hpp"

namespace daffi::tests {

/// What a program said and how it ended. Value.
struct Finished {
  Exit exit;
  std::string output;
  std::string errors;
};

inline std::string joined(const std::vector<std::string>& lines) {
  std::string result;
  for (const auto& line : lines) result += line + "\n";
  return result;
}

inline Finished finish(Process& process) {
  const Exit exit = process.wait_for_exit();
  return {exit, joined(process.lines()), joined(process.error_lines())};
}

/// The environment of a `daffi` that finds no address in it, but for `changes`.
inline Process::Environment daffi_environment(Process::Environment changes = {}) {
  for (const char* name : {"DAFFI_HOST", "DAFFI_PORT", "DAFFI_UNIX_SOCK_PATH", "DAFFI_TOKEN"})
    changes.try_emplace(name);
  return changes;
}

/// Runs `daffi` with these arguments to its end.
inline Finished daffi_run(std::vector<std::string> arguments, Process::Environment changes = {}) {
  Process process(daffi_command(), std::move(arguments), daffi_environment(std::move(changes)));
  return finish(process);
}

/// The port in the line with which a controller says where it listens.
inline std::string port_in(const std::string& line) { return line.substr(line.rfind(':') + 1); }

}  // namespace daffi::tests
