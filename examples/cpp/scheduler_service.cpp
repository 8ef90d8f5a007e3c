/// @file  Callbacks for others to schedule. Run scheduler_client beside it. Documentation: 2.15.
#include <daffi/daffi.hpp>

#include "program.hpp"

class Greenhouse {
 public:
  void water_plants() { say("watering, round ", ++rounds_); }
  void open_window(const std::string& which) { say("opening the ", which, " window"); }

  using callbacks = daffi::Methods<&Greenhouse::water_plants, &Greenhouse::open_window>;

 private:
  std::atomic<int> rounds_{0};
};

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.process_name = "greenhouse",
                   .init_controller = true,
                   .host = address.host,
                   .port = address.port,
                   .unix_sock_path = address.unix_sock_path}};
  g.serve<Greenhouse>();
  print_address(g);
  g.join({.stop_on_signals = true});
}
