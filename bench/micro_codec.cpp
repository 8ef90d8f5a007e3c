/// @file  What writing and reading one value costs.
#include <benchmark/benchmark.h>
#include <daffi/codec.hpp>

#include <map>
#include <string>
#include <vector>

namespace {

struct Order {
  std::string item;
  int count = 0;
  double price = 0;
  std::vector<std::string> tags;
};

template <typename T>
T sample();
template <>
std::string sample() {
  return std::string(64, 'x');
}
template <>
std::vector<int> sample() {
  std::vector<int> numbers(1000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i * 37);
  return numbers;
}
template <>
Order sample() {
  return {"orange", 12, 0.25, {"fruit", "fresh", "round"}};
}
template <>
std::map<std::string, double> sample() {
  return {{"orange", 0.25}, {"tea", 3.5}, {"bread", 2.0}};
}

template <typename T>
void write_value(benchmark::State& state) {
  const T value = sample<T>();
  daffi::Writer writer;
  for (auto _ : state) {
    writer.clear();
    daffi::Codec<T>::write(writer, value);
    benchmark::DoNotOptimize(writer.payload().data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(writer.size()));
}

template <typename T>
void read_value(benchmark::State& state) {
  daffi::Writer writer;
  daffi::Codec<T>::write(writer, sample<T>());
  for (auto _ : state) {
    daffi::Reader reader{writer.payload()};
    T value{};
    if (!daffi::Codec<T>::read(reader, value)) state.SkipWithError("what was written could not be read");
    benchmark::DoNotOptimize(value);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(writer.size()));
}

BENCHMARK(write_value<std::string>);
BENCHMARK(read_value<std::string>);
BENCHMARK(write_value<std::vector<int>>);
BENCHMARK(read_value<std::vector<int>>);
BENCHMARK(write_value<Order>);
BENCHMARK(read_value<Order>);
BENCHMARK(write_value<std::map<std::string, double>>);
BENCHMARK(read_value<std::map<std::string, double>>);

}  // namespace

BENCHMARK_MAIN();
