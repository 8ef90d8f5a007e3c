/// @file  Tests of the queue of unwritten frames.
#include "wire/out_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

namespace daffi::wire {
namespace {

using base::as_bytes;

// What a socket would see if it took everything.
std::string content(const OutQueue& queue) {
  std::array<iovec, 1024> pieces;
  std::string out;
  const std::size_t count = queue.gather(pieces);
  for (std::size_t i = 0; i < count; ++i) out.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  return out;
}

std::size_t piece_count(const OutQueue& queue) {
  std::array<iovec, 1024> pieces;
  return queue.gather(pieces);
}

base::Slice large(char fill, std::size_t size = OutQueue::kReferFrom) {
  return base::Slice::copy(as_bytes(std::string(size, fill)));
}

TEST(OutQueue, EmptyHasNothingToWrite) {
  OutQueue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(piece_count(queue), 0u);
  queue.append(base::Bytes());
  queue.append(base::Slice());
  queue.consume(0);
  queue.clear();
  queue.shrink();
  EXPECT_TRUE(queue.empty());
}

TEST(OutQueue, SmallFramesLeaveAsOnePiece) {
  OutQueue queue;
  std::string expected;
  for (int i = 0; i < 256; ++i) {
    const std::string text = "frame " + std::to_string(i);
    expected += text;
    queue.append(as_bytes(text));
  }
  EXPECT_EQ(piece_count(queue), 1u);
  EXPECT_EQ(content(queue), expected);
}

TEST(OutQueue, LargeSliceIsReferredToUntilItIsWritten) {
  OutQueue queue;
  const base::Slice slice = large('x');
  queue.append(as_bytes("head"));
  queue.append(slice);
  queue.append(as_bytes("tail"));
  EXPECT_EQ(slice.owner.use_count(), 2);
  EXPECT_EQ(piece_count(queue), 3u);
  queue.consume(4 + slice.bytes.size() - 1);
  EXPECT_EQ(slice.owner.use_count(), 2);
  queue.consume(1);
  EXPECT_EQ(slice.owner.use_count(), 1);
  EXPECT_EQ(content(queue), "tail");
}

TEST(OutQueue, SlicesThatContinueEachOtherBecomeOne) {
  OutQueue queue;
  const base::Slice whole = large('x', 20'000);
  queue.append(base::Slice{whole.owner, whole.bytes.first(10'000)});
  queue.append(base::Slice{whole.owner, whole.bytes.subspan(10'000, 88)});
  queue.append(base::Slice{whole.owner, whole.bytes.subspan(10'088)});
  EXPECT_EQ(piece_count(queue), 1u);
  EXPECT_EQ(queue.bytes(), 20'000u);
}

TEST(OutQueue, GatherFillsNoMoreThanItIsGiven) {
  OutQueue queue;
  for (int i = 0; i < 10; ++i) queue.append(large(static_cast<char>('a' + i)));
  std::array<iovec, 3> pieces;
  EXPECT_EQ(queue.gather(pieces), 3u);
}

TEST(OutQueue, ClearLetsGoOfEverything) {
  OutQueue queue;
  const base::Slice slice = large('x');
  queue.append(slice);
  queue.append(as_bytes("small"));
  queue.clear();
  EXPECT_EQ(slice.owner.use_count(), 1);
  EXPECT_TRUE(queue.empty());
  queue.append(as_bytes("again"));
  EXPECT_EQ(content(queue), "again");
}

TEST(OutQueue, FrameIsHeaderThenPayload) {
  OutQueue queue;
  queue.append_frame({.size = 3, .kind = FrameKind::result, .id = 9}, as_bytes("abc"));
  const std::string out = content(queue);
  ASSERT_EQ(out.size(), kHeaderSize + 3);
  EXPECT_EQ(decode_header(as_bytes(out).first<kHeaderSize>()).id, 9u);
  EXPECT_EQ(out.substr(kHeaderSize), "abc");
}

TEST(OutQueue, WhateverIsWrittenAtOnceTheBytesAreTheSame) {
  std::mt19937 random(1);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  OutQueue queue;
  std::string expected;
  std::string written;
  for (int step = 0; step < 20'000; ++step) {
    if (below(3) > 0) {
      const std::string text(below(10) == 0 ? below(50'000) : below(200), static_cast<char>('a' + below(26)));
      expected += text;
      below(2) == 0 ? queue.append(as_bytes(text)) : queue.append(base::Slice::copy(as_bytes(text)));
    } else if (!queue.empty()) {
      std::array<iovec, 4> pieces;
      const std::size_t count = queue.gather(pieces);
      std::size_t left = below(200'000);
      std::size_t taken = 0;
      for (std::size_t i = 0; i < count && left > 0; ++i) {
        const std::size_t part = std::min(left, pieces[i].iov_len);
        written.append(static_cast<const char*>(pieces[i].iov_base), part);
        left -= part;
        taken += part;
      }
      queue.consume(taken);
      if (below(10) == 0) queue.shrink();
    }
    ASSERT_EQ(queue.bytes(), expected.size() - written.size());
  }
  while (!queue.empty()) {
    const std::string rest = content(queue);
    written += rest;
    queue.consume(rest.size());
  }
  EXPECT_TRUE(written == expected);
}

}  // namespace
}  // namespace daffi::wire
