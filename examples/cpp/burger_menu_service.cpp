/// @file  One of two processes that offer a menu under the same name; this one runs the controller.
#include <daffi/daffi.hpp>
#include <string>
#include <vector>

#include "program.hpp"

class BurgerMenu {
 public:
  std::vector<std::string> get_menu() const { return {"Smash", "Cheese", "Double", "Veggie"}; }

  using callbacks = daffi::Methods<&BurgerMenu::get_menu>;
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.process_name = "burger menu",
                   .init_controller = true,
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  g.serve<BurgerMenu>();
  print_address(g);
  g.join({.stop_on_signals = true});
}
