/// @file  Calls the calculator service over TLS, with the certificate and key that the service has.
#include <daffi/daffi.hpp>

#include "program.hpp"

struct CalculatorClient : daffi::Fetcher {
  using Fetcher::Fetcher;
  Fetch<int(daffi::Variadic<int>)> calculate_sum{*this, "calculate_sum"};
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{
      {.host = address.host, .port = address.port, .ssl_certificate = address.certificate, .ssl_key = address.key}};

  CalculatorClient calculator{g};
  say(calculator.calculate_sum(1, 2));
  say(calculator.calculate_sum(10, 20, 30));
}
