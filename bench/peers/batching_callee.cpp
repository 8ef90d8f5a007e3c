/// @file  Callee over a NATS client of our own: answers all that came in one read with one write.
#include "batching_socket.hpp"

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  bench::BatchingSocket socket{options};
  socket.subscribe("to.callee");
  socket.synchronise();
  bench::report_ready(0);
  const bool streams = options.mode == "stream_to_fetcher";
  for (;;) {
    socket.receive([&](std::string_view reply, std::string_view data) {
      const std::size_t times = streams ? bench::items_per_more(data.size()) : 1;
      for (std::size_t i = 0; i < times; ++i) socket.publish(reply, "", data);
    });
    socket.flush();
  }
}
