/// @file  Calls the calculator service through a class of fetchers, which pass on the arguments they are given.
#include <daffi/daffi.hpp>

#include "program.hpp"

struct CalculatorClient : daffi::Fetcher {
  using Fetcher::Fetcher;
  Fetch<int(daffi::Variadic<int>)> calculate_sum{*this, "calculate_sum"};
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};

  CalculatorClient calculator{g};
  say(calculator.calculate_sum(1, 2));
  say(calculator.calculate_sum(10, 20, 30));
}
