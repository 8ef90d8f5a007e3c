/// @file  The other process with a menu; this one takes orders too.
#include <daffi/daffi.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "program.hpp"

std::vector<std::string> get_menu() { return {"Classic", "Chili", "Chicago"}; }

std::vector<std::string> order(std::string dish, int count) {
  for (const std::string& known : get_menu()) {
    if (known == dish) return std::vector<std::string>(static_cast<std::size_t>(count), dish);
  }
  throw std::invalid_argument("we have no " + dish);
}

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::callback<&get_menu>();
  daffi::callback<&order>();
  daffi::Global g{{.process_name = "hotdog menu",
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  say("serving");
  g.join({.stop_on_signals = true});
}
