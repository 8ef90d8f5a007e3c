/// @file  A fetcher class may have methods of its own; calling what the service keeps private is an error that says so.
#include <daffi/daffi.hpp>

#include "program.hpp"

class CalculatorClient : public daffi::Fetcher {
 public:
  using Fetcher::Fetcher;
  Fetch<int(int, int)> calculate_sum{*this, "calculate_sum",
                                     [this](int num1, int num2) { return create_args(num1, num2); }};
  Fetch<int(int, int)> get_sum{*this, "get_sum"};

 private:
  daffi::Args<int, int> create_args(int num1, int num2) const { return {num1, num2}; }
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};

  CalculatorClient calculator{g};
  say(calculator.calculate_sum(1, 2));
  try {
    calculator.get_sum(1, 2);
  } catch (const daffi::GlobalContextError& error) {
    say("refused: ", error.what());
  }
}
