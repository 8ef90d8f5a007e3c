/// @file  The process in the middle over ZeroMQ: a ROUTER socket that passes on what its members send each other.
#include "zmq_common.hpp"

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  zmq::context_t context;
  zmq::socket_t socket{context, zmq::socket_type::router};
  socket.set(zmq::sockopt::sndhwm, 0);
  socket.set(zmq::sockopt::rcvhwm, 0);
  socket.set(zmq::sockopt::router_mandatory, true);
  socket.bind(bench::endpoint_of(options));
  const std::string bound = socket.get(zmq::sockopt::last_endpoint);
  bench::report_ready(options.port ? bench::parse_number<unsigned>("port", bound.substr(bound.rfind(':') + 1)) : 0);
  for (;;) {
    zmq::message_t from, to, data;
    if (!socket.recv(from) || !socket.recv(to) || !socket.recv(data)) continue;
    try {
      socket.send(std::move(to), zmq::send_flags::sndmore);
      socket.send(std::move(from), zmq::send_flags::sndmore);
      socket.send(std::move(data), zmq::send_flags::none);
    } catch (const zmq::error_t& error) {
      // The callee says nothing before it is called, and a caller may call before the callee is there.
      if (error.num() != EHOSTUNREACH) throw;
    }
  }
}
