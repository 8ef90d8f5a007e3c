/// @file  What a class does not list in `callbacks` cannot be called from outside, public or not.
#include <daffi/daffi.hpp>

#include "program.hpp"

class CalculatorService {
 public:
  int calculate_sum(int num1, int num2) const { return get_sum(num1, num2); }
  int get_sum(int num1, int num2) const { return num1 + num2; }

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
