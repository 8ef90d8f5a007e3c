/// @file  What the subcommands share: the address, errors as exit codes.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "daffi/commands.hpp"

namespace daffi_command {

daffi::GlobalOptions Address::observer() const {
  daffi::GlobalOptions options;
  options.host = host;
  options.port = port;
  options.unix_sock_path = unix_sock_path;
  options.token = token;
  options.ssl_certificate = ssl_certificate;
  options.ssl_key = ssl_key;
  options.ssl_ca = ssl_ca;
  options.connect_timeout = daffi::Duration(connect_timeout);
  options.observer = true;
  return options;
}

int report(const daffi::Error& error) {
  std::fprintf(stderr, "daffi: %s\n", error.message().c_str());
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
