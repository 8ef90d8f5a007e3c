/// @file  The calculator service as a free function. A client does not see the difference.
#include <daffi/daffi.hpp>
#include <numeric>

#include "program.hpp"

int calculate_sum(const daffi::Variadic<int>& numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0); }

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::callback<&calculate_sum>();
  daffi::Global g{
      {.init_controller = true, .host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
