/// @file  What every example does around its subject: takes its address from the command line, and prints lines.
#pragma once

#include <daffi/global.hpp>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

/// Where an example listens or connects: localhost:8888, unless its command line says otherwise, by --host, --port (0:
/// a free one), --unix-sock-path, --certificate, --key. Value.
struct Address {
  std::optional<std::string> host = "localhost";
  std::optional<int> port = 8888;
  std::string unix_sock_path;
  std::string certificate = "cert.pem";
  std::string key = "key.pem";
};

inline Address address_from(int argc, char** argv) {
  Address address;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--host") address.host = argv[i + 1];
    if (option == "--port") address.port = std::atoi(argv[i + 1]);
    if (option == "--certificate") address.certificate = argv[i + 1];
    if (option == "--key") address.key = argv[i + 1];
    if (option == "--unix-sock-path") {
      address.unix_sock_path = argv[i + 1];
      address.host = std::nullopt;
      address.port = std::nullopt;
    }
  }
  return address;
}

/// Prints a line in one piece and at once: log lines may come between, and somebody may be waiting for it.
template <typename... Ts>
void say(const Ts&... parts) {
  std::ostringstream line;
  (line << ... << parts) << '\n';
  std::cout << line.str() << std::flush;
}

/// Tells where a controller listens.
inline void print_address(const daffi::Global& g) {
  if (g.port() != 0)
    say("listening on port ", g.port());
  else
    say("listening on ", g.unix_sock_path());
}
