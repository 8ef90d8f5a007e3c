/// @file  A node that says when it has lost its controller, and when it has found it again.
#include <daffi/daffi.hpp>
#include <iostream>
#include <string>

#include "address.hpp"

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{
      .process_name = "lifecycle client",
      .host = address.host,
      .port = address.port,
      .unix_sock_path = address.unix_sock_path,
      .on_init = [](daffi::Global&, const std::string& name) { std::cout << name << " is up" << std::endl; },
      .on_node_connect = [](daffi::Global&,
                            const std::string& name) { std::cout << name << " connected" << std::endl; },
      .on_node_disconnect = [](daffi::Global&,
                               const std::string& name) { std::cout << name << " disconnected" << std::endl; },
  }};
  g.join({.stop_on_signals = true});
}
