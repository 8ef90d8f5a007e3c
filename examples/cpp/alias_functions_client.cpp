/// @file  The same with fetchers that belong to no class. Needs alias_service or alias_functions_service.
#include <daffi/daffi.hpp>

#include "program.hpp"

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};

  int multiplier = 2;
  const daffi::Fetch<int(int, int)> calculate_sum{g, "calculate_sum"};
  const daffi::Fetch<int(int, int)> calculate_sum_with_multiplier{
      g, daffi::alias("calculate_sum"), [multiplier](int num1, int num2) {
        return daffi::Args{num1 * multiplier, num2 * multiplier};
      }};
  const daffi::Fetch<int(int, int)> calculate_product{g, "calculate_product"};
  say(calculate_sum(1, 2));
  say(calculate_sum_with_multiplier(1, 2));
  say(calculate_product(3, 4));
}
