/// @file  The floor's callee: turns every request round in the buffer it was read into, one write per read; answers
/// one that asks for a burst with many items in one write.
#include <algorithm>
#include <utility>
#include <vector>

#include "floor_socket.hpp"

namespace {

// A stream without credit of its own: the caller has asked for so many items.
void send_burst(int socket, std::span<const std::byte> request, std::vector<std::byte>& items) {
  bench::FloorHeader header = bench::load_header(request.data());
  std::swap(header.to, header.from);
  header.kind = bench::floor_reply;
  const std::size_t count = bench::floor_burst_items(request.size() - sizeof header);
  items.resize(count * request.size());
  for (std::size_t i = 0; i < count; ++i) {
    std::copy(request.begin(), request.end(), items.begin() + static_cast<std::ptrdiff_t>(i * request.size()));
    bench::store_header(items.data() + i * request.size(), header);
  }
  bench::send_all(socket, items);
}

void serve(int socket, std::uint32_t member, std::size_t read_limit) {
  std::vector<std::byte> buffer(bench::floor_buffer_size);
  std::vector<std::byte> items;
  std::size_t have = 0;
  for (;;) {
    const std::size_t received = bench::receive_some(socket, std::span{buffer}.subspan(have), read_limit);
    if (received == 0) return;
    have += received;
    bool burst = false;
    const std::size_t done =
        bench::for_each_frame(std::span{buffer}.first(have), [&](std::byte* frame, bench::FloorHeader header) {
          if (header.kind == bench::floor_burst) {
            burst = true;
            return send_burst(socket, {frame, header.length}, items);
          }
          header.to = std::exchange(header.from, member);
          header.kind = bench::floor_reply;
          bench::store_header(frame, header);
        });
    if (!burst) bench::send_all(socket, std::span{buffer}.first(done));
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
