/// @file  Tests of the frame parser: broken headers first, then that cuts never matter, then what memory it holds.
#include "wire/parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace daffi::wire {
namespace {

using base::as_bytes;

std::vector<std::byte> frame_bytes(Header header, std::size_t size) {
  header.size = static_cast<std::uint32_t>(size);
  std::vector<std::byte> out(kHeaderSize + size);
  encode_header(header, std::span<std::byte, kHeaderSize>(out.data(), kHeaderSize));
  for (std::size_t i = 0; i < size; ++i) out[kHeaderSize + i] = static_cast<std::byte>(i * 7 + header.id);
  return out;
}

void feed(FrameReader& reader, base::Bytes bytes) {
  const base::MutableBytes space = reader.space();
  ASSERT_GE(space.size(), bytes.size());
  std::ranges::copy(bytes, space.begin());
  reader.filled(bytes.size());
}

ErrorCode code_of_broken(std::vector<std::byte> bytes, std::uint32_t limit = kMaxFramePayload) {
  FrameReader reader(limit);
  feed(reader, bytes);
  const auto frame = reader.next();
  EXPECT_FALSE(frame.ok());
  EXPECT_FALSE(reader.next().ok()) << "broken once, broken for good";
  return frame.ok() ? ErrorCode{} : frame.failure().code;
}

TEST(FrameReader, LengthAboveTheLimitIsRefusedFromTheHeaderAlone) {
  auto header = frame_bytes({.kind = FrameKind::call}, 0);
  const std::uint32_t size = kMaxFramePayload + 1;
  std::memcpy(header.data(), &size, sizeof size);
  EXPECT_EQ(code_of_broken(header), ErrorCode::too_large);
}

TEST(FrameReader, LowerLimitHoldsBeforeThePeerIsKnown) {
  EXPECT_EQ(code_of_broken(frame_bytes({.kind = FrameKind::hello}, 1001), 1000), ErrorCode::too_large);
}

TEST(FrameReader, UnknownKindIsRefused) {
  EXPECT_EQ(code_of_broken(frame_bytes({.kind = static_cast<FrameKind>(0)}, 0)), ErrorCode::protocol);
  EXPECT_EQ(code_of_broken(frame_bytes({.kind = static_cast<FrameKind>(255)}, 0)), ErrorCode::protocol);
}

TEST(FrameReader, ReservedBitsAreRefused) {
  EXPECT_EQ(code_of_broken(frame_bytes({.kind = FrameKind::ping, .zero = 1}, 0)), ErrorCode::protocol);
}

TEST(FrameReader, NothingIsNoFrame) {
  FrameReader reader;
  EXPECT_FALSE(reader.next()->has_value());
  EXPECT_TRUE(reader.unparsed().empty());
  reader.release_if_empty();
  EXPECT_FALSE(reader.space().empty());
}

// Feeds `stream` cut at random, keeping each frame's owner, and returns the frames as bytes, read only at the end.
std::vector<std::string> parse_cut(base::Bytes stream, std::mt19937& random, bool keep, std::size_t largest_cut) {
  FrameReader reader;
  std::vector<base::Slice> kept;
  std::vector<std::string> out;
  while (!stream.empty()) {
    const base::MutableBytes space = reader.space();
    EXPECT_FALSE(space.empty());
    std::size_t cut = std::uniform_int_distribution<std::size_t>(1, largest_cut)(random);
    cut = std::min({cut, space.size(), stream.size()});
    std::ranges::copy(stream.first(cut), space.begin());
    reader.filled(cut);
    stream = stream.subspan(cut);
    while (true) {
      const auto frame = reader.next();
      EXPECT_TRUE(frame.ok());
      if (!frame.ok() || !frame->has_value()) break;
      if (keep) {
        kept.push_back({reader.owner(), (*frame)->whole()});
      } else {
        out.emplace_back(base::as_text((*frame)->whole()));
      }
    }
    reader.release_if_empty();
  }
  EXPECT_TRUE(reader.unparsed().empty());
  for (const base::Slice& slice : kept) out.emplace_back(base::as_text(slice.bytes));
  return out;
}

TEST(FrameReader, WhereTheNetworkCutsNeverChangesTheFrames) {
  std::mt19937 random(1);
  std::vector<std::byte> stream;
  std::vector<std::string> expected;
  const std::vector<std::size_t> sizes{0, 1,      64, 64, 64, 8000, 70'000, 0, kMaxFramePayload, kMaxFramePayload,
                                       3, 200'000};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto frame = frame_bytes({.kind = FrameKind::call, .epoch = 7, .member = 3, .id = i}, sizes[i]);
    expected.emplace_back(base::as_text(frame));
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  for (const bool keep : {false, true}) {
    for (const std::size_t largest_cut : {3u, 25u, 700u, 20'000u, 300'000u}) {
      EXPECT_TRUE(parse_cut(stream, random, keep, largest_cut) == expected) << keep << " " << largest_cut;
    }
  }
}

TEST(FrameReader, FramesAreWhereTheyWereReadAndCanBePatched) {
  FrameReader reader;
  feed(reader, frame_bytes({.kind = FrameKind::call, .epoch = 1, .member = 2, .id = 3}, 10));
  const auto frame = reader.next();
  ASSERT_TRUE(frame.ok() && frame->has_value());
  EXPECT_EQ((*frame)->payload.data(), (*frame)->raw + kHeaderSize);
  patch_member((*frame)->raw, 99);
  patch_epoch((*frame)->raw, 98);
  const Header patched = decode_header((*frame)->whole().first<kHeaderSize>());
  EXPECT_EQ(patched, (Header{.size = 10, .kind = FrameKind::call, .epoch = 98, .member = 99, .id = 3}));
}

TEST(FrameReader, BlockIsReusedOnlyWhenNobodyHoldsSlices) {
  FrameReader reader;
  feed(reader, frame_bytes({.kind = FrameKind::call}, 10));
  ASSERT_TRUE(reader.next()->has_value());
  const std::byte* first = reader.owner().get();
  EXPECT_EQ(reader.space().data(), first);
  feed(reader, frame_bytes({.kind = FrameKind::call}, 10));
  ASSERT_TRUE(reader.next()->has_value());
  const base::Block kept = reader.owner();
  EXPECT_NE(reader.space().data(), first);
}

TEST(FrameReader, UnknownPeerGetsLittleMemory) {
  FrameReader reader(64 * 1024);
  EXPECT_LE(reader.space().size(), 4096u);
}

TEST(FrameReader, WhatPrecedesTheFirstFrameCanBeSkipped) {
  FrameReader reader;
  feed(reader, as_bytes("preamble"));
  EXPECT_EQ(base::as_text(reader.unparsed()), "preamble");
  reader.skip(8);
  feed(reader, frame_bytes({.kind = FrameKind::ping}, 0));
  EXPECT_EQ((*reader.next())->header.kind, FrameKind::ping);
}

}  // namespace
}  // namespace daffi::wire
