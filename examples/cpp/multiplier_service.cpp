/// @file  A service whose object is built by hand, because its constructor takes an argument.
#include <daffi/daffi.hpp>
#include <memory>

#include "program.hpp"

class CalculatorService {
 public:
  explicit CalculatorService(int multiplier) : multiplier_(multiplier) {}

  int calculate_sum(int num1, int num2) const { return num1 * multiplier_ + num2 * multiplier_; }

  using callbacks = daffi::Methods<&CalculatorService::calculate_sum>;

 private:
  int multiplier_;
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::serve(std::make_shared<CalculatorService>(3));
  daffi::Global g{
      {.init_controller = true, .host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
