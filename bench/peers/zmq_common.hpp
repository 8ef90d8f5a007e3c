/// @file  What the programs over ZeroMQ share.
#pragma once

#include <string>
#include <zmq.hpp>

#include "program.hpp"

namespace bench {

inline std::string endpoint_of(const Options& options) {
  if (options.port) return "tcp://127.0.0.1:" + (*options.port == 0 ? "*" : std::to_string(*options.port));
  return "ipc://" + options.unix_path + "/zmq.sock";
}

/// A member of the router's, known there by its name.
inline zmq::socket_t make_member(zmq::context_t& context, const Options& options, const char* name) {
  zmq::socket_t socket{context, zmq::socket_type::dealer};
  socket.set(zmq::sockopt::routing_id, name);
  socket.set(zmq::sockopt::sndhwm, 0);
  socket.set(zmq::sockopt::rcvhwm, 0);
  socket.set(zmq::sockopt::linger, 0);
  socket.connect(endpoint_of(options));
  return socket;
}

inline void send_to(zmq::socket_t& socket, std::string_view member, zmq::message_t data) {
  socket.send(zmq::buffer(member), zmq::send_flags::sndmore);
  socket.send(std::move(data), zmq::send_flags::none);
}

/// Waits for [sender, data] and returns the data.
inline zmq::message_t take_data(zmq::socket_t& socket) {
  zmq::message_t sender, data;
  if (!socket.recv(sender) || !socket.recv(data)) fail("nothing was received");
  return data;
}

inline std::size_t items_per_more(std::size_t payload) { return payload < 4096 ? 4096 : 16; }
inline constexpr std::size_t kMoresUnderWay = 4;

}  // namespace bench
