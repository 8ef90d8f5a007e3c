/// @file  Where an example listens or connects: localhost:8888, unless its command line says otherwise.
#pragma once

#include <daffi/global.hpp>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

/// --host, --port (0: a free one), --unix-sock-path, --certificate, --key. Value.
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

/// Tells where a controller listens; std::endl because somebody may be waiting for the line.
inline void print_address(const daffi::Global& g) {
  if (g.port() != 0)
    std::cout << "listening on port " << g.port() << std::endl;
  else
    std::cout << "listening on " << g.unix_sock_path() << std::endl;
}
