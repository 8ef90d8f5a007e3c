/// @file  Our controller, alone in its process, as `daffi controller` runs it.
#include "daffi_options.hpp"

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  daffi::GlobalOptions global_options = bench::global_options(options, "bench-controller");
  global_options.init_controller = true;
  global_options.init_node = false;
  // All the idle nodes of a measurement come from one address.
  global_options.max_connections = global_options.max_connections_per_address = 16'000;
  if (options.port && *options.port == 0) global_options.port.reset();
  daffi::Global global{global_options};
  bench::report_ready(options.port ? unsigned{global.port()} : 0U);
  global.join();
}
