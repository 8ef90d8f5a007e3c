/// @file  A node that says when it has lost its controller, and when it has found it again.
#include <daffi/daffi.hpp>
#include <string>

#include "program.hpp"

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{
      .process_name = "lifecycle client",
      .host = address.host,
      .port = address.port,
      .unix_sock_path = address.unix_sock_path,
      .on_init = [](daffi::Global&, const std::string& name) { say(name, " is up"); },
      .on_node_connect = [](daffi::Global&, const std::string& name) { say(name, " connected"); },
      .on_node_disconnect = [](daffi::Global&, const std::string& name) { say(name, " disconnected"); },
  }};
  g.join({.stop_on_signals = true});
}
