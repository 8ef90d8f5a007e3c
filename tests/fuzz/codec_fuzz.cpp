/// @file  Properties: skipping takes the same bytes as reading; what was read writes back to itself, and that form is
/// final; nothing typed accepts bytes that the dynamic value refuses.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>

#include "daffi/error.hpp"
#include "daffi/signature.hpp"
#include "daffi/value.hpp"

namespace {

using namespace daffi;

struct Inner {
  std::string name;
  double weight = 1;
  std::optional<std::int8_t> small;
};

struct Outer {
  std::map<std::string, Inner> parts;
  std::vector<std::variant<std::int64_t, double, std::string, Inner>> mixed;
  std::tuple<bool, std::vector<std::byte>> pair;
  std::chrono::system_clock::time_point when;
  std::chrono::milliseconds length{0};
  std::set<std::uint16_t> set = {1};
  std::vector<Outer> children;
};

void require(bool holds) {
  if (!holds) std::abort();
}

template <typename T>
void write_and_read_again(const T& value) {
  Writer first;
  Codec<T>::write(first, value);
  Reader reader(first.payload());
  T again{};
  require(Codec<T>::read(reader, again) && reader.expect_end());
  Writer second;
  Codec<T>::write(second, again);
  require(std::ranges::equal(first.payload(), second.payload()));
}

template <typename T>
void typed(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  T value{};
  if (!Codec<T>::read(reader, value)) {
    require(!reader.error().empty() && !reader.ok());
    return;
  }
  Reader skipping(bytes);
  require(skipping.skip() && skipping.position() == reader.position());
  write_and_read_again(value);
}

void dynamic(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  Value value;
  bool read = Codec<Value>::read(reader, value);
  Reader skipping(bytes);
  bool skipped = skipping.skip();
  require(!read || (skipped && skipping.position() == reader.position()));
  if (!read) return;
  write_and_read_again(value);
  show_value(bytes);
  try {
    Value from_json = Value::from_json(value.to_json());
    require(Value::from_json(from_json.to_json(2)).to_json() == from_json.to_json());
  } catch (const GlobalContextError&) {
    // Keys that only JSON confuses (1 and "1"), or an extension's object one level too deep.
  }
}

void json(std::span<const std::byte> bytes) {
  try {
    Value value = Value::from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    require(Value::from_json(value.to_json()).to_json() == value.to_json());
  } catch (const GlobalContextError&) {
  }
}

void arguments(std::span<const std::byte> bytes) {
  static const Signature signature =
      signature_of<void(int, std::string, Variadic<double>)>(params("a", arg("b") = "default", "rest"));
  Reader reader(bytes);
  std::tuple<int, std::string, Variadic<double>> taken;
  bool fits = decode_arguments(reader, "f", signature, taken);
  require(fits == reader.ok());
  show_arguments(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto bytes = std::as_bytes(std::span(data, size));
  dynamic(bytes);
  typed<Outer>(bytes);
  typed<std::vector<std::variant<Inner, std::vector<double>, std::map<int, bool>>>>(bytes);
  typed<Signature>(bytes);
  arguments(bytes);
  json(bytes);
  return 0;
}
