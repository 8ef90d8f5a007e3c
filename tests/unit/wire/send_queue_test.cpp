/// @file  SendQueue: urgent frames overtake bulk ones, never in the middle of a frame, and each class keeps its order.
#include "wire/send_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "wire/parser.hpp"

namespace daffi::wire {
namespace {

std::vector<std::byte> frame_of(FrameKind kind, std::uint64_t id, std::size_t payload) {
  std::vector<std::byte> frame(kHeaderSize + payload, static_cast<std::byte>(id));
  encode_header({.size = static_cast<std::uint32_t>(payload), .kind = kind, .id = id},
                std::span(frame).first<kHeaderSize>());
  return frame;
}

/// Takes what the queue gives, at most `limit` bytes at a time, into a parser.
struct Wire {
  SendQueue queue;
  FrameReader reader;
  std::vector<std::uint64_t> ids;

  void urgent(std::uint64_t id, std::size_t payload = 8) {
    queue.urgent().append(frame_of(FrameKind::call, id, payload));
  }
  void bulk(std::uint64_t id, std::size_t payload, std::uint32_t source = 1) {
    queue.append_bulk(source, frame_of(FrameKind::chunk, id, payload));
  }
  std::size_t write(std::size_t limit, bool with_bulk = true) {
    return write_while(limit, with_bulk, [] {});
  }
  // `meanwhile` appends while the write is under way.
  template <typename F>
  std::size_t write_while(std::size_t limit, bool with_bulk, F meanwhile) {
    std::array<iovec, 16> pieces;
    const std::size_t count = queue.gather(pieces, with_bulk);
    meanwhile();
    std::size_t written = 0;
    for (const iovec& piece : std::span(pieces).first(count)) {
      const std::size_t part = std::min(piece.iov_len, limit - written);
      feed({static_cast<const std::byte*>(piece.iov_base), part});
      written += part;
    }
    queue.consume(written);
    return written;
  }
  void feed(base::Bytes bytes) {
    while (!bytes.empty()) {
      const auto space = reader.space();
      const std::size_t part = std::min(space.size(), bytes.size());
      std::copy_n(bytes.begin(), part, space.begin());
      reader.filled(part);
      bytes = bytes.subspan(part);
      for (auto next = reader.next(); next.ok() && next->has_value(); next = reader.next()) {
        for (const std::byte b : (*next)->payload) EXPECT_EQ(b, static_cast<std::byte>((*next)->header.id));
        ids.push_back((*next)->header.id);
      }
    }
  }
};

using Ids = std::vector<std::uint64_t>;

TEST(SendQueue, UrgentFramesOvertakeBulkAndEachClassKeepsItsOrder) {
  Wire wire;
  wire.bulk(1, 1000);
  wire.bulk(2, 1000);
  wire.urgent(10);
  wire.urgent(11);
  while (wire.write(1 << 20) > 0) {
  }
  EXPECT_EQ(wire.ids, (Ids{10, 11, 1, 2}));
  EXPECT_TRUE(wire.queue.empty());
}

TEST(SendQueue, AFrameOnceBegunIsFinishedFirst) {
  Wire wire;
  wire.bulk(1, 50'000);
  wire.write(100);
  EXPECT_TRUE(wire.queue.bulk_begun());
  wire.urgent(10);
  while (wire.write(7'000, false) > 0) {
  }
  EXPECT_EQ(wire.ids, (Ids{1, 10}));
  EXPECT_FALSE(wire.queue.bulk_begun());
}

TEST(SendQueue, BulkLeavesInSharesBetweenLooksAtTheUrgent) {
  Wire wire;
  for (std::uint64_t id = 1; id <= 200; ++id) wire.bulk(id, 1000);
  EXPECT_LE(wire.write(1 << 20), SendQueue::kBulkShare);
  wire.urgent(1000);
  const std::size_t before = wire.ids.size();
  wire.write(1 << 20);
  EXPECT_EQ(wire.ids[before], 1000u);
  EXPECT_LT(wire.ids.size(), 200u);
}

TEST(SendQueue, WhatFollowsAnUrgentFrameIntoAWriteThatIsUnderWayStaysBehindIt) {
  Wire wire;
  wire.bulk(1, 1000);
  // The first items of a stream, behind its call: who got them first would know no such call, and drop them.
  wire.write_while(500, true, [&] {
    wire.urgent(10);
    wire.bulk(2, 100);
    wire.bulk(3, 100);
  });
  wire.write_while(1 << 20, true, [&] {
    wire.urgent(11);
    wire.bulk(4, 100);
  });
  while (wire.write(1 << 20) > 0) {
  }
  EXPECT_EQ(wire.ids, (Ids{1, 10, 2, 3, 11, 4}));
  EXPECT_TRUE(wire.queue.empty());
}

TEST(SendQueue, BulkThatMayNotGoStaysWhileTheUrgentGoes) {
  Wire wire;
  wire.bulk(1, 1000);
  wire.urgent(10);
  EXPECT_GT(wire.write(1 << 20, false), 0u);
  EXPECT_EQ(wire.write(1 << 20, false), 0u);
  EXPECT_EQ(wire.ids, Ids{10});
  EXPECT_EQ(wire.queue.bulk_bytes(), 1000 + kHeaderSize);
}

TEST(SendQueue, CountsBulkForItsSource) {
  Wire wire;
  wire.bulk(1, 1000, 7);
  wire.bulk(2, 2000, 8);
  wire.bulk(3, 1000, 7);
  EXPECT_EQ(wire.queue.bulk_bytes_of(7), 2 * (1000 + kHeaderSize));
  EXPECT_EQ(wire.queue.bulk_bytes_of(8), 2000 + kHeaderSize);
  wire.write(10);
  EXPECT_EQ(wire.queue.bulk_bytes_of(7), 2 * (1000 + kHeaderSize) - 10);
  while (wire.write(1 << 20) > 0) {
  }
  EXPECT_EQ(wire.queue.bulk_bytes_of(7) + wire.queue.bulk_bytes_of(8), 0u);
  EXPECT_EQ(wire.ids, (Ids{1, 2, 3}));
}

TEST(SendQueue, RefersToLargePartsAndLetsGoOfThem) {
  SendQueue queue;
  base::Block block = base::make_block(64 * 1024);
  const std::weak_ptr<std::byte[]> alive = block;
  queue.append_bulk(1, frame_of(FrameKind::chunk, 1, 0), block, {block.get(), 64 * 1024});
  block = nullptr;
  EXPECT_FALSE(alive.expired());
  std::array<iovec, 4> pieces;
  ASSERT_EQ(queue.gather(pieces, true), 2u);
  queue.consume(kHeaderSize + 64 * 1024);
  EXPECT_TRUE(alive.expired());
}

TEST(SendQueue, WhereverWritesAreCutAllFramesArriveWhole) {
  for (const std::size_t cut : {1u, 3u, 24u, 25u, 1000u, 65'536u, 70'000u}) {
    Wire wire;
    std::size_t urgent = 0;
    for (std::uint64_t id = 0; id < 30; ++id) wire.bulk(id, 37 * (id % 7) + 1, id % 3 == 0 ? 1 : 2);
    for (std::size_t round = 0; !wire.queue.empty(); ++round) {
      if (round % 5 == 0 && urgent < 20) wire.urgent(100 + urgent++, round % 3);
      wire.write(cut, round % 2 == 0);
    }
    Ids bulk, others;
    for (const auto id : wire.ids) (id < 100 ? bulk : others).push_back(id);
    ASSERT_EQ(bulk.size(), 30u);
    ASSERT_EQ(others.size(), urgent);
    EXPECT_TRUE(std::is_sorted(bulk.begin(), bulk.end()));
    EXPECT_TRUE(std::is_sorted(others.begin(), others.end()));
  }
}

}  // namespace
}  // namespace daffi::wire
