/// @file  Has callbacks of another process run at an interval, and at given moments. Documentation: 2.15.
#include <daffi/daffi.hpp>

#include <thread>

#include "program.hpp"

using namespace std::chrono_literals;

// By its modifier each call of these is made every half second, until it is cancelled.
struct Gardener : daffi::FetcherWith<daffi::PERIOD> {
  using FetcherWith::FetcherWith;
  Fetch<void()> water_plants{*this, "water_plants"};
  Fetch<void(std::string)> open_window{*this, "open_window"};
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  g.wait_function("water_plants");
  Gardener gardener{g, daffi::PERIOD{.interval = "500 ms"}};

  const daffi::ScheduledTask watering = gardener.water_plants();
  std::this_thread::sleep_for(1800ms);
  say("stopped watering: ", watering.cancel() ? "yes" : "no");
  say("and again: ", watering.cancel() ? "yes" : "no");

  // A call may have a modifier of its own: here both windows, one after the other.
  const auto now = std::chrono::system_clock::now();
  const daffi::PERIOD soon{.at_time = {now + 300ms, now + 600ms}};
  const auto opening = gardener.open_window.call(soon, "north");
  say("scheduled ", opening.func_name(), " at ", opening.process_name());
}
