/// @file  The bidirectional calculator with a function and a fetcher instead of classes.
#include <daffi/daffi.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "program.hpp"

int calculate_sum(const daffi::Variadic<int>& numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0); }

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::callback<&calculate_sum>();
  daffi::Global g{{.process_name = "calculator service",
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};

  g.wait_function("get_shop_items");
  const daffi::Fetch<std::vector<std::string>()> get_shop_items{g, "get_shop_items"};
  std::string items;
  for (const std::string& item : get_shop_items()) items += " " + item;
  say("Received shopping items:", items);
  g.join({.stop_on_signals = true});
}
