/// @file  The arithmetic service as free functions, one of them with a default for its second parameter.
#include <daffi/daffi.hpp>

#include "program.hpp"

int calculate_sum(int num1, int num2) { return num1 + num2; }
int calculate_difference(int num1, int num2) { return num1 - num2; }

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::callback<&calculate_sum>(daffi::params("num1", daffi::arg("num2") = 1), daffi::doc("Adds num2 to num1."));
  daffi::callback<&calculate_difference>(daffi::params("num1", "num2"));
  daffi::Global g{
      {.init_controller = true, .host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
