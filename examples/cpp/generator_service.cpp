/// @file  Gives streams: its callbacks yield.
#include <chrono>
#include <daffi/daffi.hpp>
#include <thread>

#include "program.hpp"

daffi::Generator<int> generate_stream(int end) {
  for (int i = 0; i < end; ++i) co_yield i;
}

// Goes on for as long as somebody listens; when the listener leaves, it is destroyed where it stands.
daffi::Generator<std::string> ticks(int milliseconds) {
  struct Farewell {
    ~Farewell() { say("Nobody listens any more"); }
  } const farewell;
  for (int tick = 1;; ++tick) {
    co_yield "tick " + std::to_string(tick);
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  }
}

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::callback<&generate_stream>(daffi::params("end"));
  daffi::callback<&ticks>();
  daffi::Global g{
      {.init_controller = true, .host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
