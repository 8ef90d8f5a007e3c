/// @file  A method that others know under another name than its own.
#include <daffi/daffi.hpp>

#include "program.hpp"

class CalculatorService {
 public:
  int calculate_sum(int num1, int num2) const { return num1 + num2; }
  int product(int num1, int num2) const { return num1 * num2; }

  using callbacks = daffi::Methods<&CalculatorService::calculate_sum,
                                   daffi::method<&CalculatorService::product, "calculate_product">>;
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::serve<CalculatorService>();
  daffi::Global g{
      {.init_controller = true, .host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
