/// @file  Asks every process that has a menu for it, all at once, and prints who offers what.
#include <daffi/daffi.hpp>
#include <string>
#include <vector>

#include "program.hpp"

using Dishes = std::vector<std::string>;

// Every Fetch of this class calls all processes that hold the callback, and waits for all of them.
struct MenuFetcher : daffi::FetcherWith<daffi::BROADCAST> {
  using FetcherWith::FetcherWith;
  Fetch<Dishes()> get_menu{*this, "get_menu"};
  Fetch<Dishes(std::string, int)> order{*this, "order"};
};

std::string joined(const Dishes& dishes) {
  std::string text;
  for (const std::string& dish : dishes) text += (text.empty() ? "" : ", ") + dish;
  return text;
}

// One process that fails spoils nobody else's result: each has an outcome of its own.
void print(const daffi::Outcomes<Dishes>& outcomes) {
  for (const auto& [process, dishes] : outcomes) {
    if (dishes) {
      say(process, ": ", joined(*dishes));
    } else {
      say(process, " failed: ", dishes.error()->remote() ? dishes.error()->remote()->message : "it is gone");
    }
  }
}

// The same from a coroutine, with a limit: whoever has not answered by then is left out.
daffi::Task<void> print_in_time(daffi::AsyncResult<daffi::Outcomes<Dishes>> menus) {
  try {
    const auto outcomes = co_await menus;
    print(outcomes);
  } catch (const daffi::BroadcastTimeout& late) {
    print(late.results<Dishes>());
  }
}

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  for (const char* process : {"burger menu", "hotdog menu"}) g.wait_process(process);

  MenuFetcher fetcher{g};
  print(fetcher.get_menu());
  print(fetcher.order("Chili", 2));
  print(fetcher.order("Caviar", 1));
  daffi::sync_wait(print_in_time(fetcher.get_menu.start(daffi::BROADCAST{.timeout = std::chrono::seconds(10)})));
}
