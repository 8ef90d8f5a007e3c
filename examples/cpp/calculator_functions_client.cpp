/// @file  Calls the calculator service through a single fetcher, and then without any.
#include <daffi/daffi.hpp>

#include "program.hpp"

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};

  const daffi::Fetch<int(daffi::Variadic<int>)> calculate_sum{g, "calculate_sum"};
  say(calculate_sum(1, 2));
  say(calculate_sum(10, 20, 30));

  // A callback whose types nobody wrote down here: the result is a Value, which knows its own type.
  const daffi::Value sum = g.call("calculate_sum", 4, 5) & daffi::FG{.timeout = "5s"};
  say(sum.as<int>());
}
