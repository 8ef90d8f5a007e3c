/// @file  Finding what never left, wherever the cut falls.
#include "controller/unsent.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace daffi::controller {
namespace {

void fill(wire::OutQueue& queue) {
  const auto put = [&](wire::FrameKind kind, std::uint64_t id, std::size_t size) {
    const std::string payload(size, static_cast<char>('a' + id));
    queue.append_frame({.size = static_cast<std::uint32_t>(size), .kind = kind, .id = id},
                       base::Slice::copy(base::as_bytes(payload)));
  };
  put(wire::FrameKind::call, 0, 10);
  put(wire::FrameKind::call, 1, 0);
  put(wire::FrameKind::result, 2, 50);
  put(wire::FrameKind::call, 3, 20'000);  // referred to: a piece of its own
  put(wire::FrameKind::call, 4, 7);
}

TEST(Unsent, AreTheCallsThatAreStillWholeWhereverTheCutFalls) {
  wire::OutQueue whole;
  fill(whole);
  const std::size_t total = whole.bytes();
  const std::size_t head = wire::kHeaderSize;
  // Where each call begins.
  const std::array<std::pair<std::uint64_t, std::size_t>, 4> starts = {
      {{0, 0}, {1, head + 10}, {3, 3 * head + 60}, {4, 4 * head + 20'060}}};
  for (std::size_t cut = 0; cut <= total; cut += cut < 400 ? 1 : 97) {
    wire::OutQueue queue;
    fill(queue);
    std::array<iovec, 16> pieces;
    const std::size_t count = queue.gather(pieces);
    const std::size_t rest = rest_after({pieces.data(), count}, 0, cut);
    queue.consume(cut);
    const auto calls = unsent_calls(queue, rest);
    std::vector<std::uint64_t> expected, found;
    for (const auto& [id, start] : starts) {
      if (start >= cut) expected.push_back(id);
    }
    for (const UnsentFrame& call : calls) {
      found.push_back(call.header.id);
      EXPECT_EQ(base::as_text(call.payload.bytes),
                std::string(call.header.size, static_cast<char>('a' + call.header.id)));
    }
    ASSERT_EQ(found, expected) << "cut at " << cut;
  }
}

TEST(Unsent, TheRestOfAFrameShrinksWithEachWrite) {
  wire::OutQueue queue;
  fill(queue);
  std::array<iovec, 16> pieces;
  std::size_t rest = 0;
  while (!queue.empty()) {
    const std::size_t count = queue.gather(pieces);
    rest = rest_after({pieces.data(), count}, rest, 1);
    queue.consume(1);
    ASSERT_LE(rest, queue.bytes());
  }
  EXPECT_EQ(rest, 0u);
}

}  // namespace
}  // namespace daffi::controller
