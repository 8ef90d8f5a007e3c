/// @file  A function for others to schedule. Run scheduler_functions_client beside it. Documentation: 2.15.
#include <daffi/daffi.hpp>

#include "program.hpp"

void ring_bell(int times) { say("ringing ", times, " times"); }

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.process_name = "tower",
                   .init_controller = true,
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  g.callback<&ring_bell>();
  print_address(g);
  g.join({.stop_on_signals = true});
}
