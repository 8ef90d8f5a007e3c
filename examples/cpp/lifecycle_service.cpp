/// @file  A controller that says when it is up, and who comes and goes. Run lifecycle_client beside it.
#include <daffi/daffi.hpp>
#include <string>

#include "program.hpp"

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{
      .process_name = "lifecycle service",
      .init_controller = true,
      .host = address.host,
      .port = address.port,
      .unix_sock_path = address.unix_sock_path,
      .on_init = [](daffi::Global&, const std::string& name) { say(name, " is up"); },
      .on_node_connect = [](daffi::Global&, const std::string& name) { say(name, " joined"); },
      .on_node_disconnect = [](daffi::Global&, const std::string& name) { say(name, " left"); },
  }};
  print_address(g);
  g.join({.stop_on_signals = true});
}
