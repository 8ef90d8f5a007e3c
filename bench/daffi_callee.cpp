/// @file  Our callee: a callback that gives back what it is given, one that yields, one that takes items.
#include "daffi_options.hpp"

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  daffi::Global global{bench::global_options(options, "bench-callee-" + std::to_string(options.number))};
  const auto echo = global.callback("echo", [](std::string text) { return text; });
  const auto items = global.callback("items", [](std::string item) -> daffi::Generator<std::string> {
    for (;;) co_yield item;
  });
  const auto take = global.callback("take", [](std::string_view) {});
  bench::report_ready(0);
  global.join();
}
