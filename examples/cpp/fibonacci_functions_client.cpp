/// @file  Background calls by a single fetcher, and what can be done with their results.
#include <daffi/daffi.hpp>

#include "program.hpp"

// A coroutine goes on when the result has come; no thread waits for it.
daffi::Task<long> sum_of_two(daffi::Fetch<long(int), daffi::BG> calculate_fibonacci) {
  const daffi::AsyncResult<long> first = calculate_fibonacci(10);  // both are under way…
  const daffi::AsyncResult<long> second = calculate_fibonacci(11);
  const long a = co_await first;  // …before the first is waited for
  const long b = co_await second;
  co_return a + b;
}

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};

  const daffi::Fetch<long(int), daffi::BG> calculate_fibonacci{g, "calculate_fibonacci", daffi::BG{.timeout = "30s"}};
  const daffi::AsyncResult<long> later = calculate_fibonacci(20);
  say("Waiting");
  say("Fibonacci result: ", later.get());
  say("Fibonacci result: ", calculate_fibonacci.call(daffi::FG{}, 15));
  say("Fibonacci result: ", daffi::sync_wait(sum_of_two(calculate_fibonacci)));
}
