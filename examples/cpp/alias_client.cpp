/// @file  Two fetchers of one class that call the same callback in different ways. Needs alias_service.
#include <daffi/daffi.hpp>

#include "program.hpp"

struct CalculatorClient : daffi::Fetcher {
  using Fetcher::Fetcher;

  int multiplier = 2;

  Fetch<int(int, int)> calculate_sum{*this, "calculate_sum"};
  Fetch<int(int, int)> calculate_sum_with_multiplier{*this, daffi::alias("calculate_sum"), [this](int num1, int num2) {
                                                       return daffi::Args{num1 * multiplier, num2 * multiplier};
                                                     }};
  Fetch<int(int, int)> calculate_product{*this, "calculate_product"};
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};

  CalculatorClient calculator{g};
  say(calculator.calculate_sum(1, 2));
  say(calculator.calculate_sum_with_multiplier(1, 2));
  say(calculator.calculate_product(3, 4));
}
