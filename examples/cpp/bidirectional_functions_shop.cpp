/// @file  The bidirectional shop with a function and a fetcher instead of classes.
#include <daffi/daffi.hpp>
#include <string>
#include <vector>

#include "program.hpp"

std::vector<std::string> get_shop_items() { return {"apple", "cheese", "milk"}; }

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::callback<&get_shop_items>();
  daffi::Global g{{.process_name = "shopping service",
                   .init_controller = true,
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  print_address(g);

  g.wait_function("calculate_sum");
  const daffi::Fetch<int(daffi::Variadic<int>)> calculate_sum{g, "calculate_sum"};
  say("Calculated sum: ", calculate_sum(1, 2, 3));
  g.join({.stop_on_signals = true});
}
