/// @file  One of two processes that call each other: it offers a shop's items and lets the other one calculate.
#include <daffi/daffi.hpp>
#include <string>
#include <vector>

#include "program.hpp"

class ShoppingService {
 public:
  std::vector<std::string> get_shop_items() const { return items_; }

  using callbacks = daffi::Methods<&ShoppingService::get_shop_items>;

 private:
  std::vector<std::string> items_{"apple", "cheese", "milk"};
};

struct CalculatorClient : daffi::Fetcher {
  using Fetcher::Fetcher;
  Fetch<int(daffi::Variadic<int>)> calculate_sum{*this, "calculate_sum"};
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::serve<ShoppingService>();
  daffi::Global g{{.process_name = "shopping service",
                   .init_controller = true,
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  print_address(g);

  g.wait_process("calculator service");
  CalculatorClient calculator{g};
  say("Calculated sum: ", calculator.calculate_sum(1, 2, 3));
  g.join({.stop_on_signals = true});
}
