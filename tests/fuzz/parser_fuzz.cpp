/// @file  Property: where the network cuts a byte stream never changes what the frame parser makes of it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "wire/parser.hpp"

namespace {

using daffi::base::Bytes;
using daffi::wire::Frame;
using daffi::wire::FrameReader;

struct Outcome {
  std::vector<std::string> frames;
  std::string error;  // empty: all was well
  bool operator==(const Outcome&) const = default;
};

// Takes what can be taken; false once the stream is broken.
bool drain(FrameReader& reader, Outcome& outcome) {
  while (true) {
    const auto frame = reader.next();
    if (!frame.ok()) {
      outcome.error = frame.failure().message;
      return false;
    }
    if (!frame->has_value()) return true;
    outcome.frames.emplace_back(daffi::base::as_text((*frame)->whole()));
  }
}

// Parses `stream` in pieces whose lengths follow from `seed`; 0 gives it as large as the reader takes it.
Outcome parse(Bytes stream, std::uint32_t seed) {
  FrameReader reader(64 * 1024);
  Outcome outcome;
  std::uint32_t state = seed;
  while (!stream.empty()) {
    const auto space = reader.space();
    if (space.empty()) std::abort();
    state = state * 1'664'525 + 1'013'904'223;
    const std::size_t wanted = seed == 0 ? stream.size() : 1 + (state >> 24);
    const std::size_t cut = std::min({wanted, space.size(), stream.size()});
    std::ranges::copy(stream.first(cut), space.begin());
    reader.filled(cut);
    stream = stream.subspan(cut);
    if (!drain(reader, outcome)) return outcome;
    if ((state & 0x800) != 0) reader.release_if_empty();
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes stream = std::as_bytes(std::span(data, size));
  const Outcome whole = parse(stream, 0);
  for (const std::uint32_t seed : {1u, 77u, 4711u}) {
    if (parse(stream, seed) != whole) std::abort();
  }
  return 0;
}
