/// @file  A process with a name, which waits for another one by its name. Run named_client beside it.
#include <daffi/daffi.hpp>

#include "program.hpp"

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.process_name = "calculator service",
                   .init_controller = true,
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.wait_process("calculator client");
  say("Calculator client has been started...");
  g.join({.stop_on_signals = true});
}
