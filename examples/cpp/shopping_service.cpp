/// @file  A service that keeps a shopping list. Run it, then run shopper beside it.
#include <daffi/daffi.hpp>
#include <mutex>
#include <string>
#include <vector>

#include "program.hpp"

class ShoppingService {
 public:
  std::vector<std::string> get_items() const {
    const std::scoped_lock lock(mutex_);
    return items_;
  }

  void add_item(std::string item) {
    const std::scoped_lock lock(mutex_);
    say("adding ", item);
    items_.push_back(std::move(item));
  }

  void clear_items() {
    const std::scoped_lock lock(mutex_);
    say("clearing the list");
    items_.clear();
  }

  // What others may call; a method that is not listed stays private to this process.
  using callbacks =
      daffi::Methods<&ShoppingService::get_items, &ShoppingService::add_item, &ShoppingService::clear_items>;

 private:
  mutable std::mutex mutex_;  // callbacks may run on several threads at once
  std::vector<std::string> items_;
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::serve<ShoppingService>();
  daffi::Global g{{.process_name = "shopping service",
                   .init_controller = true,
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  print_address(g);
  g.join({.stop_on_signals = true});
}
