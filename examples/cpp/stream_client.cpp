/// @file  Streams a hundred items to a service: the fetcher has a body that yields.
#include <daffi/daffi.hpp>

#include "program.hpp"

const std::string kProcessName = "streamer client";

struct StreamerClient : daffi::Fetcher {
  using Fetcher::Fetcher;

  // Each item is the arguments of one call.
  using Item = daffi::Args<int, std::string>;
  daffi::Generator<Item> send(int count) const {
    for (int item = 0; item < count; ++item) co_yield {item, kProcessName};
  }

  Fetch<void(int)> stream_to_service{*this, "stream_to_service", [this](int count) { return send(count); }};
  Fetch<std::vector<int>()> get_items{*this, "get_items"};
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.process_name = kProcessName,
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};

  StreamerClient streamer{g};
  streamer.stream_to_service(100);  // returns when the service has taken all of them
  const auto items = streamer.get_items();
  say("The service has ", items.size(), " items, from ", items.front(), " to ", items.back());
}
