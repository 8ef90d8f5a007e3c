/// @file  The process that named_service waits for.
#include <daffi/daffi.hpp>
#include <iostream>

#include "address.hpp"

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.process_name = "calculator client",
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  std::cout << "here, as " << g.process_name() << std::endl;
  g.join({.stop_on_signals = true});
}
