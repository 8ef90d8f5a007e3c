/// @file  A client of shopping_service: looks at the list, adds to it, clears it.
#include <daffi/daffi.hpp>
#include <string>
#include <vector>

#include "program.hpp"

struct Shopper : daffi::Fetcher {
  using Fetcher::Fetcher;

  // Each of these calls the service's method of that name, and waits for its result.
  Fetch<std::vector<std::string>()> get_items{*this, "get_items"};
  Fetch<void(std::string)> add_item{*this, "add_item"};
  Fetch<void()> clear_items{*this, "clear_items"};

  // The same callback under another name, called in the background.
  daffi::Fetch<void(std::string), daffi::BG> add_item_later{*this, daffi::alias("add_item")};

  void add_many_items(const std::vector<std::string>& items) {
    std::vector<daffi::AsyncResult<void>> added;
    for (const std::string& item : items) added.push_back(add_item_later(item));
    for (const auto& result : added) result.get();
  }
};

void print(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += " " + item;
  say("on the list:", items.empty() ? " nothing" : text);
}

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.process_name = "shopper",
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  Shopper shopper{g};

  print(shopper.get_items());
  shopper.add_item("orange");
  print(shopper.get_items());
  shopper.add_many_items({"bread", "cheese"});
  print(shopper.get_items());
  shopper.clear_items();
  print(shopper.get_items());
}
