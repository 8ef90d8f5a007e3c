/// @file  Takes streams: in a loop, in a coroutine, and only as much as it wants.
#include <daffi/daffi.hpp>

#include "program.hpp"

daffi::Task<long> sum_of(daffi::Stream<int> numbers) {
  long sum = 0;
  while (const auto number = co_await numbers.next()) sum += *number;
  co_return sum;
}

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};

  const daffi::Fetch<daffi::Stream<int>(int)> generate_stream{g, "generate_stream"};
  int last = -1;
  for (const int item : generate_stream(1000)) last = item;
  say("The last item is ", last);
  say("Their sum is ", daffi::sync_wait(sum_of(generate_stream(1000))));

  const daffi::Fetch<daffi::Stream<std::string>(int)> ticks{g, "ticks"};
  int heard = 0;
  for (const std::string& tick : ticks(5)) {
    say(tick);
    if (++heard == 3) break;  // the service's generator ends with the loop
  }
}
