/// @file  What taking one frame out of a received batch costs.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "wire/parser.hpp"

namespace {

/// `count` calls of `payload` bytes, as they lie in one large read.
std::vector<std::byte> make_batch(std::size_t count, std::size_t payload) {
  namespace wire = daffi::wire;
  std::vector<std::byte> batch(count * (wire::kHeaderSize + payload));
  for (std::size_t i = 0; i < count; ++i) {
    const wire::Header header{.size = static_cast<std::uint32_t>(payload), .kind = wire::FrameKind::call, .id = i};
    std::byte* at = batch.data() + i * (wire::kHeaderSize + payload);
    wire::encode_header(header, std::span<std::byte, wire::kHeaderSize>(at, wire::kHeaderSize));
  }
  return batch;
}

void take_frames(benchmark::State& state) {
  const auto payload = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  const std::vector<std::byte> batch = make_batch(count, payload);
  daffi::wire::FrameReader reader;
  for (auto _ : state) {
    for (std::size_t fed = 0; fed < batch.size();) {
      const daffi::base::MutableBytes space = reader.space();
      const std::size_t part = std::min(space.size(), batch.size() - fed);
      std::copy_n(batch.begin() + static_cast<std::ptrdiff_t>(fed), part, space.begin());
      reader.filled(part);
      fed += part;
      for (auto frame = reader.next(); frame->has_value(); frame = reader.next()) {
        benchmark::DoNotOptimize((*frame)->payload.data());
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(take_frames)->ArgNames({"payload", "frames"})->Args({64, 1})->Args({64, 256})->Args({64 * 1024, 16});

}  // namespace

BENCHMARK_MAIN();
