/// @file  Two methods with named parameters, for clients that prepare their arguments first (arithmetic_client).
#include <daffi/daffi.hpp>

#include "program.hpp"

class ArithmeticService {
 public:
  int calculate_sum(int num1, int num2) const { return num1 + num2; }
  int calculate_difference(int num1, int num2) const { return num1 - num2; }

  using callbacks = daffi::Methods<&ArithmeticService::calculate_sum, &ArithmeticService::calculate_difference>;
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  // C++ keeps no names of parameters; given here, they can be used as keywords by callers.
  daffi::serve(std::make_shared<ArithmeticService>(),
               daffi::describe<&ArithmeticService::calculate_sum>(daffi::params("num1", "num2")),
               daffi::describe<&ArithmeticService::calculate_difference>(daffi::params("num1", "num2")));
  daffi::Global g{
      {.init_controller = true, .host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
