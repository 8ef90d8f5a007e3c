/// @file  A callback that takes its time.
#include <daffi/daffi.hpp>

#include "program.hpp"

class CalculatorService {
 public:
  long calculate_fibonacci(int n) const {
    if (n <= 0) return 0;
    if (n <= 2) return 1;
    return calculate_fibonacci(n - 1) + calculate_fibonacci(n - 2);
  }

  using callbacks = daffi::Methods<&CalculatorService::calculate_fibonacci>;
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::serve<CalculatorService>();
  daffi::Global g{
      {.init_controller = true, .host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
