/// @file  The floor's caller: one blocking call at a time; a window of calls refilled in one write per read; a stream
/// of items, of which so many are asked for at once; large values there and back, also beside small calls.
#include <vector>

#include "floor_duplex.hpp"

namespace {

/// A run of requests that lie behind one another, ready to be sent with one write.
std::vector<std::byte> make_requests(std::size_t count, std::size_t payload) {
  const std::size_t length = sizeof(bench::FloorHeader) + payload;
  std::vector<std::byte> requests(count * length, std::byte{'x'});
  for (std::size_t i = 0; i < count; ++i) {
    bench::store_header(requests.data() + i * length, {static_cast<std::uint32_t>(length), bench::floor_callee_id,
                                                       bench::floor_caller_id, bench::floor_request, i});
  }
  return requests;
}

void set_id(std::byte* frame, std::uint64_t id) {
  std::memcpy(frame + offsetof(bench::FloorHeader, id), &id, sizeof id);
}

void expect_reply(const bench::FloorHeader& header, std::uint64_t id) {
  if (header.kind != bench::floor_reply || header.id != id) bench::fail("a reply to another call");
}

/// One call: write, then read until its reply is whole.
void call(int socket, std::span<std::byte> request, std::span<std::byte> room, std::uint64_t id) {
  set_id(request.data(), id);
  bench::send_all(socket, request);
  for (std::size_t have = 0; have < request.size();) {
    const std::size_t received = bench::receive_some(socket, room.subspan(have));
    if (received == 0) bench::fail("the relay closed the connection");
    have += received;
  }
  expect_reply(bench::load_header(room.data()), id);
}

void run_latency(int socket, const bench::Options& options) {
  std::vector<std::byte> request = make_requests(1, options.payload);
  std::vector<std::byte> room(bench::floor_buffer_size);
  bench::measure_latency(options, [&](std::uint64_t id) { call(socket, request, room, id); });
}

/// One broadcast: one write, then reads until every callee's reply is here.
void broadcast(int socket, std::span<std::byte> request, std::span<std::byte> room, std::uint64_t id,
               std::size_t callees) {
  set_id(request.data(), id);
  bench::send_all(socket, request);
  for (std::size_t have = 0; have < callees * request.size();) {
    const std::size_t received = bench::receive_some(socket, room.subspan(have));
    if (received == 0) bench::fail("the relay closed the connection");
    have += received;
  }
  for (std::size_t i = 0; i < callees; ++i) expect_reply(bench::load_header(room.data() + i * request.size()), id);
}

void run_broadcast(int socket, const bench::Options& options) {
  std::vector<std::byte> request = make_requests(1, options.payload);
  const std::uint32_t everyone = bench::floor_every_callee;
  std::memcpy(request.data() + offsetof(bench::FloorHeader, to), &everyone, sizeof everyone);
  std::vector<std::byte> room(bench::floor_buffer_size);
  bench::measure_latency(options, [&](std::uint64_t id) { broadcast(socket, request, room, id, options.callees); });
}

/// Keeps `outstanding` calls in flight: as many new ones as replies were read go out in one write.
void run_pipeline(int socket, const bench::Options& options) {
  const std::size_t length = sizeof(bench::FloorHeader) + options.payload;
  std::vector<std::byte> requests = make_requests(options.outstanding, options.payload);
  std::vector<std::byte> buffer(bench::floor_buffer_size);
  bench::RateMeter meter{options};
  std::uint64_t next_id = options.outstanding;
  std::uint64_t expected = 0;
  std::size_t have = 0;
  bench::send_all(socket, requests);
  for (;;) {
    const std::size_t received = bench::receive_some(socket, std::span{buffer}.subspan(have), options.read_limit);
    if (received == 0) bench::fail("the relay closed the connection");
    have += received;
    std::size_t ended = 0;
    const std::size_t done =
        bench::for_each_frame(std::span{buffer}.first(have), [&](std::byte*, const bench::FloorHeader& header) {
          expect_reply(header, expected++);
          set_id(requests.data() + ended++ * length, next_id++);
        });
    bench::send_all(socket, std::span{requests}.first(ended * length));
    have -= done;
    if (have != 0) std::memmove(buffer.data(), buffer.data() + done, have);
    if (!meter.add(ended)) break;
  }
  meter.report();
}

/// Keeps some bursts of items on their way: with each that has come another one is asked for.
void run_stream(int socket, const bench::Options& options) {
  constexpr std::size_t kBursts = 8;
  const std::size_t burst = bench::floor_burst_items(options.payload);
  std::vector<std::byte> request = make_requests(1, options.payload);
  bench::FloorHeader header = bench::load_header(request.data());
  header.kind = bench::floor_burst;
  bench::store_header(request.data(), header);
  std::vector<std::byte> buffer(bench::floor_buffer_size);
  bench::RateMeter meter{options};
  for (std::size_t i = 0; i < kBursts; ++i) bench::send_all(socket, request);
  for (std::size_t have = 0, items = 0;;) {
    const std::size_t received = bench::receive_some(socket, std::span{buffer}.subspan(have), options.read_limit);
    if (received == 0) bench::fail("the relay closed the connection");
    have += received;
    std::size_t came = 0;
    const std::size_t done =
        bench::for_each_frame(std::span{buffer}.first(have), [&](std::byte*, const bench::FloorHeader&) { ++came; });
    have -= done;
    if (have != 0) std::memmove(buffer.data(), buffer.data() + done, have);
    for (items += came; items >= burst; items -= burst) {
      bench::send_all(socket, request);
    }
    if (!meter.add(came)) break;
  }
  meter.report();
}

// What a large value is cut into.
constexpr std::size_t kChunk = 64 << 10;

/// One large value there and back at a time, in frames of a chunk each.
void run_echo(int socket, const bench::Options& options) {
  const std::vector<std::byte> request = make_requests(options.payload / kChunk, kChunk);
  bench::FloorDuplex duplex{socket};
  bench::RateMeter meter{options};
  do {
    duplex.queue(request);
    for (std::size_t came = 0; came < request.size();) {
      duplex.turn([&](std::byte*, const bench::FloorHeader& header) { came += header.length; });
    }
  } while (meter.add(1));
  meter.report();
}

/// Small calls, first by themselves, then while a window of chunks goes there and back over the same sockets; the
/// small one goes in front of the chunks that this process has not sent yet, and of no others.
void run_beside_bulk(int socket, const bench::Options& options) {
  constexpr std::size_t kWindow = 8;
  std::vector<std::byte> small = make_requests(1, options.payload);
  const std::vector<std::byte> chunk = make_requests(1, kChunk);
  bench::FloorDuplex duplex{socket};
  std::size_t chunks = 0;
  const auto call_small = [&](std::uint64_t id) {
    set_id(small.data(), id);
    duplex.queue(small, true);
    for (bool came = false; !came;) {
      duplex.turn([&](std::byte*, const bench::FloorHeader& header) {
        if (header.length != chunk.size()) return expect_reply(header, id), void(came = true);
        ++chunks;
        duplex.queue(chunk);
      });
    }
  };
  bench::measure_beside_bulk(
      options, call_small,
      [&] {
        for (std::size_t i = 0; i < kWindow; ++i) duplex.queue(chunk);
      },
      [&] { return chunks * kChunk; });
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  const int socket = bench::join_relay(options, bench::floor_caller_id);
  if (options.mode == "latency") {
    run_latency(socket, options);
  } else if (options.mode == "pipeline") {
    run_pipeline(socket, options);
  } else if (options.mode == "broadcast") {
    run_broadcast(socket, options);
  } else if (options.mode == "stream_to_fetcher" || options.mode == "stream_to_callback") {
    // A bare relay knows no direction.
    run_stream(socket, options);
  } else if (options.mode == "echo") {
    run_echo(socket, options);
  } else if (options.mode == "beside_bulk") {
    run_beside_bulk(socket, options);
  } else {
    bench::fail("unknown --mode " + options.mode);
  }
}
