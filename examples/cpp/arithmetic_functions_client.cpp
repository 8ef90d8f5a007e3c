/// @file  Fetchers with a body, without a class around them; the last call uses a keyword. Needs
/// arithmetic_functions_service.
#include <daffi/daffi.hpp>
#include <tuple>

#include "program.hpp"

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};

  int multiplier = 2;
  const auto doubled = [multiplier](int num1, int num2) { return std::tuple(num1 * multiplier, num2 * multiplier); };
  const daffi::Fetch<int(int, int)> doubled_sum{g, "calculate_sum", doubled};
  const daffi::Fetch<int(int, int)> doubled_difference{g, "calculate_difference", doubled};
  say(doubled_sum(1, 2));
  say(doubled_difference(50, 20));

  const daffi::Fetch<int(int, int)> calculate_sum{g, "calculate_sum"};
  say(calculate_sum(daffi::kw("num1", 41)));  // num2 has a default where the callback lives
}
