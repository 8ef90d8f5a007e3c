/// @file  What the subcommands share: the address, errors as exit codes.
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include "daffi/commands.hpp"

namespace daffi_command {
namespace {

// Empty counts as unset, so that a variable can be switched off for one command.
std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string Address::take_environment() {
  if (!unix_sock_path.empty()) return {};
  const std::string folder = host || port ? "" : environment("DAFFI_UNIX_SOCK_PATH");
  const std::string host_text = environment("DAFFI_HOST"), port_text = environment("DAFFI_PORT");
  if (!folder.empty() && !(host_text.empty() && port_text.empty())) {
    return "DAFFI_UNIX_SOCK_PATH and DAFFI_HOST or DAFFI_PORT are set: which of them? Give the address as an option";
  }
  unix_sock_path = folder;
  if (!host && !host_text.empty()) host = host_text;
  if (port || port_text.empty()) return {};
  int number = 0;
  const char* end = port_text.data() + port_text.size();
  const auto [rest, error] = std::from_chars(port_text.data(), end, number);
  if (error != std::errc() || rest != end || number < 0 || number > 65535) {
    return "DAFFI_PORT is not a port, 0 to 65535: '" + port_text + "'";
  }
  port = number;
  return {};
}

daffi::GlobalOptions Address::observer(double timeout) const {
  daffi::GlobalOptions options;
  options.host = host;
  options.port = port;
  options.unix_sock_path = unix_sock_path;
  options.token = token;
  options.ssl_certificate = ssl_certificate;
  options.ssl_key = ssl_key;
  options.ssl_ca = ssl_ca;
  options.connect_timeout = daffi::Duration(timeout > 0 ? std::min(timeout, connect_timeout) : connect_timeout);
  options.default_timeout = daffi::Duration(timeout);
  options.observer = true;
  return options;
}

int report(const daffi::Error& error, const std::string& process) {
  std::fprintf(stderr, "daffi: %s%s\n", process.empty() ? "" : (process + ": ").c_str(), error.message().c_str());
  if (error.remote() != nullptr && !error.remote()->trace.empty()) {
    std::fprintf(stderr, "%s\n", error.remote()->trace.c_str());
  }
  switch (error.code()) {
    case daffi::ErrorCode::connect_timeout:
    case daffi::ErrorCode::refused:
    case daffi::ErrorCode::name_taken:
    case daffi::ErrorCode::unsupported:
    case daffi::ErrorCode::no_controller:
    case daffi::ErrorCode::lost_controller:
      return kNoController;
    case daffi::ErrorCode::timeout:
    case daffi::ErrorCode::wait_timeout:
      return kTimeout;
    case daffi::ErrorCode::initialization:
      return kUsage;
    default:
      return kFailed;
  }
}

bool colours() {
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr && term != nullptr &&
         std::string(term) != "dumb";
}

}  // namespace daffi_command
