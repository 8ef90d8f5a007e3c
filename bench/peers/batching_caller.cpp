/// @file  Caller over a NATS client of our own: all that became possible by one read goes in one write.
#include "batching_socket.hpp"

namespace {

/// Keeps `window` requests under way, each of which brings `answers` messages; `meter` is asked after each read.
void run_window(bench::BatchingSocket& socket, const bench::Options& options, std::size_t window, std::size_t answers) {
  const std::string argument(options.payload, 'x');
  for (std::size_t i = 0; i < window; ++i) socket.publish("to.callee", "to.caller", argument);
  socket.flush();
  bench::RateMeter meter{options};
  std::size_t came = 0, asked = 0;
  bool more = true;
  while (more) {
    const std::size_t before = came;
    socket.receive([&](std::string_view, std::string_view) {
      if (++came / answers <= asked) return;
      ++asked;
      socket.publish("to.callee", "to.caller", argument);
    });
    socket.flush();
    more = meter.add(came - before);
  }
  meter.report();
}

void call(bench::BatchingSocket& socket, const std::string& argument) {
  socket.publish("to.callee", "to.caller", argument);
  socket.flush();
  for (bool came = false; !came;) {
    socket.receive([&](std::string_view, std::string_view data) { came = data.size() == argument.size(); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  bench::BatchingSocket socket{options};
  socket.subscribe("to.caller");
  socket.synchronise();
  const std::string argument(options.payload, 'x');
  if (options.mode == "latency") {
    bench::measure_latency(options, [&](std::uint64_t) { call(socket, argument); });
  } else if (options.mode == "pipeline") {
    run_window(socket, options, options.outstanding, 1);
  } else if (options.mode == "stream_to_fetcher") {
    run_window(socket, options, bench::kMoresUnderWay, bench::items_per_more(options.payload));
  } else {
    bench::fail("unknown --mode " + options.mode);
  }
}
