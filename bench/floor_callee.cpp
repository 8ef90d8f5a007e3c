/// @file  The floor's callee: turns every request round in the buffer it was read into, one write per read.
#include <utility>
#include <vector>

#include "floor_socket.hpp"

namespace {

void serve(int socket, std::uint32_t member, std::size_t read_limit) {
  std::vector<std::byte> buffer(bench::floor_buffer_size);
  std::size_t have = 0;
  for (;;) {
    const std::size_t received = bench::receive_some(socket, std::span{buffer}.subspan(have), read_limit);
    if (received == 0) return;
    have += received;
    const std::size_t done =
        bench::for_each_frame(std::span{buffer}.first(have), [&](std::byte* frame, bench::FloorHeader header) {
          header.to = std::exchange(header.from, member);
          header.kind = bench::floor_reply;
          bench::store_header(frame, header);
        });
    bench::send_all(socket, std::span{buffer}.first(done));
    have -= done;
    if (have != 0) std::memmove(buffer.data(), buffer.data() + done, have);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  const auto member = static_cast<std::uint32_t>(bench::floor_callee_id + options.number - 1);
  const int socket = bench::join_relay(options, member);
  bench::report_ready(0);
  serve(socket, member, options.read_limit);
}
