/// @file  Fetchers with a body: what the body returns is what travels. Needs arithmetic_service.
#include <daffi/daffi.hpp>
#include <tuple>

#include "program.hpp"

struct ArithmeticClient : daffi::Fetcher {
  using Fetcher::Fetcher;

  int multiplier = 2;

  // The arguments as a tuple…
  Fetch<int(int, int)> calculate_sum{
      *this, "calculate_sum", [this](int num1, int num2) { return std::tuple(num1 * multiplier, num2 * multiplier); }};
  // …or as Args, which may hold keywords too.
  Fetch<int(int, int)> calculate_difference{
      *this, "calculate_difference", [this](int num1, int num2) {
        return daffi::Args{daffi::kw("num1", num1 * multiplier), daffi::kw("num2", num2 * multiplier)};
      }};
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};

  ArithmeticClient client{g};
  say(client.calculate_sum(1, 2));
  say(client.calculate_difference(50, 20));
}
