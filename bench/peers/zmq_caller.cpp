/// @file  Caller over ZeroMQ: one call at a time, a window of them, or a stream that is asked for in parts.
#include "zmq_common.hpp"

namespace {

void run_window(zmq::socket_t& socket, const bench::Options& options, std::size_t window, std::size_t answers) {
  const std::string argument(options.payload, 'x');
  for (std::size_t i = 0; i < window; ++i) bench::send_to(socket, "callee", zmq::message_t{argument});
  bench::RateMeter meter{options};
  const std::size_t look = answers == 1 ? 64 : answers;
  do {
    for (std::size_t i = 1; i <= look; ++i) {
      bench::take_data(socket);
      if (i % answers == 0) bench::send_to(socket, "callee", zmq::message_t{argument});
    }
  } while (meter.add(look));
  meter.report();
}

void call(zmq::socket_t& socket, const std::string& argument) {
  bench::send_to(socket, "callee", zmq::message_t{argument});
  if (bench::take_data(socket).size() != argument.size()) bench::fail("something else came back");
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  zmq::context_t context;
  zmq::socket_t socket = bench::make_member(context, options, "caller");
  const std::string argument(options.payload, 'x');
  if (options.mode == "latency") {
    bench::measure_latency(options, [&](std::uint64_t) { call(socket, argument); });
  } else if (options.mode == "pipeline") {
    run_window(socket, options, options.outstanding, 1);
  } else if (options.mode == "stream_to_fetcher") {
    const std::size_t part = bench::items_per_more(options.payload);
    run_window(socket, options, bench::kMoresUnderWay, part);
  } else if (options.mode == "echo") {
    bench::RateMeter meter{options};
    do call(socket, argument);
    while (meter.add(1));
    meter.report();
  } else {
    bench::fail("unknown --mode " + options.mode);
  }
}
