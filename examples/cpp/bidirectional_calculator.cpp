/// @file  The other of two processes that call each other: it calculates, and asks the shop for its items. It opens no
/// port: calls come to it over the connection that it made itself.
#include <daffi/daffi.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "program.hpp"

class CalculatorService {
 public:
  int calculate_sum(const daffi::Variadic<int>& numbers) const {
    return std::accumulate(numbers.begin(), numbers.end(), 0);
  }

  using callbacks = daffi::Methods<&CalculatorService::calculate_sum>;
};

struct ShoppingClient : daffi::Fetcher {
  using Fetcher::Fetcher;
  Fetch<std::vector<std::string>()> get_shop_items{*this, "get_shop_items"};
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::serve<CalculatorService>();
  daffi::Global g{{.process_name = "calculator service",
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};

  g.wait_process("shopping service");
  ShoppingClient shop{g};
  std::string items;
  for (const std::string& item : shop.get_shop_items()) items += " " + item;
  say("Received shopping items:", items);
  g.join({.stop_on_signals = true});
}
