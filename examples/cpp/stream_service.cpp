/// @file  Takes a stream: its method is called once for each item, in order.
#include <daffi/daffi.hpp>
#include <mutex>

#include "program.hpp"

class StreamerService {
 public:
  void stream_to_service(int item, const std::string& process_name) {
    const std::lock_guard lock(mutex_);  // several processes may stream at once
    items_.push_back(item);
    if (items_.size() % 25 == 0) say(items_.size(), " items, the last from ", process_name);
  }
  std::vector<int> get_items() const {
    const std::lock_guard lock(mutex_);
    return items_;
  }

  using callbacks = daffi::Methods<&StreamerService::stream_to_service, &StreamerService::get_items>;

 private:
  mutable std::mutex mutex_;
  std::vector<int> items_;
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{
      {.init_controller = true, .host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  g.serve<StreamerService>();
  print_address(g);
  g.join({.stop_on_signals = true});
}
