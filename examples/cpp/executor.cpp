/// @file  A process that offers nothing. Run transfer_client beside it, which brings what is to be run.
#include <unistd.h>
#include <daffi/daffi.hpp>

#include "program.hpp"

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.process_name = "remote executor",
                   .init_controller = true,
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  say("process ", getpid());
  print_address(g);
  g.join({.stop_on_signals = true});
}
