/// @file  The calculator service over TLS. make_certificate.sh writes a certificate to try it with.
#include <daffi/daffi.hpp>
#include <numeric>

#include "program.hpp"

class CalculatorService {
 public:
  int calculate_sum(const daffi::Variadic<int>& numbers) const {
    return std::accumulate(numbers.begin(), numbers.end(), 0);
  }

  using callbacks = daffi::Methods<&CalculatorService::calculate_sum>;
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::serve<CalculatorService>();
  // The same files on both sides: each proves to the other that it holds the key.
  daffi::Global g{{.init_controller = true,
                   .host = address.host,
                   .port = address.port,
                   .ssl_certificate = address.certificate,
                   .ssl_key = address.key}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
