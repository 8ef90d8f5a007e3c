/// @file  Calls in the background: the call returns at once, the result is asked for later. Needs fibonacci_service.
#include <daffi/daffi.hpp>

#include "program.hpp"

struct CalculatorClient : daffi::FetcherWith<daffi::BG> {  // all fetchers of this class call in the background
  using FetcherWith::FetcherWith;
  Fetch<long(int)> calculate_fibonacci{*this, "calculate_fibonacci"};
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};

  CalculatorClient calculator{g, daffi::BG{.timeout = "30s"}};
  const daffi::AsyncResult<long> later = calculator.calculate_fibonacci(20);
  say("Waiting");
  say("Fibonacci result: ", later.get());

  // The modifier can be given with a single call, too.
  say("Fibonacci result: ", calculator.calculate_fibonacci.call(daffi::FG{}, 15));
}
