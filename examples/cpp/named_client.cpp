/// @file  The process that named_service waits for.
#include <daffi/daffi.hpp>

#include "program.hpp"

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.process_name = "calculator client",
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  say("here, as ", g.process_name());
  g.join({.stop_on_signals = true});
}
