/// @file  A module of many kinds of functions.
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "daffi/module.hpp"

namespace {

struct Point {
  int x = 0, y = 0;
};

struct Odd : std::runtime_error {
  using runtime_error::runtime_error;
};

int add(int a, int b) { return a + b; }
Point mirrored(Point point) { return {point.y, point.x}; }
void nothing() {}
int half(int n) {
  if (n % 2 != 0) throw Odd(std::to_string(n) + " is odd");
  return n / 2;
}
std::string not_utf8() { return "\xff"; }
[[noreturn]] void throw_a_number() { throw 5; }
int count() {
  static std::atomic<int> calls{0};
  return ++calls;
}
std::string who(daffi::CallContext& context) { return context.caller(); }
bool timed(daffi::CallContext& context) { return context.remaining().has_value(); }
bool wait_for_stop(daffi::CallContext& context) {
  while (!context.stop_token().stop_requested()) std::this_thread::yield();
  return true;
}
std::size_t length(const std::string& text) { return text.size(); }

}  // namespace

DAFFI_MODULE(daffi::export_function<&add>(daffi::params("a", daffi::arg("b") = 10)),
             daffi::export_function<&mirrored>(), daffi::export_function<&nothing>(), daffi::export_function<&half>(),
             daffi::export_function<&not_utf8>(), daffi::export_function<&throw_a_number>(),
             daffi::export_function<&count>(), daffi::export_function<&who>(), daffi::export_function<&timed>(),
             daffi::export_function<&wait_for_stop>(), daffi::export_function<&length>(),
             daffi::export_function("twice", [](int n) { return 2 * n; }))
