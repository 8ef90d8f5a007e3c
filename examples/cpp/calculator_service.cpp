/// @file  A class whose method adds up any number of numbers. Beside it: calculator_client,
/// calculator_functions_client.
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
  daffi::Global g{
      {.init_controller = true, .host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
