/// @file  Callee over ZeroMQ: gives back what it is given, or as many items as one request asks for.
#include "zmq_common.hpp"

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  zmq::context_t context;
  zmq::socket_t socket = bench::make_member(context, options, "callee");
  // What it sends itself comes back once the router knows it.
  bench::send_to(socket, "callee", zmq::message_t{});
  bench::take_data(socket);
  bench::report_ready(0);
  const bool streams = options.mode == "stream_to_fetcher";
  for (;;) {
    zmq::message_t data = bench::take_data(socket);
    const std::size_t times = streams ? bench::items_per_more(data.size()) : 1;
    for (std::size_t i = 1; i < times; ++i) bench::send_to(socket, "caller", zmq::message_t{data.data(), data.size()});
    bench::send_to(socket, "caller", std::move(data));
  }
}
