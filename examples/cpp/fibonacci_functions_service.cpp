/// @file  The callback that takes its time, as a function that stops when nobody wants its result any more.
#include <daffi/daffi.hpp>

#include "program.hpp"

// The first parameter is not an argument of the call: it tells about the call itself.
long calculate_fibonacci(daffi::CallContext& context, int n) {
  long previous = 0;
  long current = 1;
  for (int i = 1; i < n && !context.stop_token().stop_requested(); ++i) {
    const long next = previous + current;
    previous = current;
    current = next;
  }
  return n <= 0 ? 0 : current;
}

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::callback<&calculate_fibonacci>();
  daffi::Global g{
      {.init_controller = true, .host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
