/// @file  How our programs reach their controller, from the command line that the floor's programs take too.
#pragma once

#include <daffi/daffi.hpp>
#include <string>
#include <utility>

#include "program.hpp"

namespace bench {

inline daffi::GlobalOptions global_options(const Options& options, std::string process_name) {
  daffi::GlobalOptions result;
  result.process_name = std::move(process_name);
  if (options.port) {
    result.host = "127.0.0.1";
    result.port = *options.port;
  } else {
    result.unix_sock_path = options.unix_path;
  }
  result.busy_poll = std::chrono::microseconds(options.busy_poll);
  result.ssl_certificate = options.certificate;
  result.ssl_key = options.key;
  return result;
}

}  // namespace bench
