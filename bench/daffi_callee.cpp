/// @file  Our callee: one callback that gives back what it is given.
#include "daffi_options.hpp"

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  daffi::Global global{bench::global_options(options, "bench-callee-" + std::to_string(options.number))};
  const auto echo = global.callback("echo", [](std::string text) { return text; });
  bench::report_ready(0);
  global.join();
}
