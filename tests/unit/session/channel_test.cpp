/// @file  Channel: any thread may read for all, any may send; nothing is lost or reordered, and it ends once.
#include "session/channel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <thread>

#include "net/memory.hpp"

namespace daffi::session {
namespace {

std::vector<std::byte> frame_of(std::uint64_t id, std::size_t payload, wire::FrameKind kind = wire::FrameKind::ping) {
  std::vector<std::byte> frame(wire::kHeaderSize + payload);
  wire::encode_header({static_cast<std::uint32_t>(payload), kind, 0, 0, 0, 0, id},
                      std::span(frame).first<wire::kHeaderSize>());
  return frame;
}

struct Recorder final : ChannelSink {
  void on_frame(const wire::Frame& frame) override { ids.push_back(frame.header.id); }
  void on_frames_end() override { ended_after.push_back(ids.size()); }
  void after_read(Channel&) override { ++rounds; }
  void on_end(std::shared_ptr<Channel>, base::CloseReason reason, const std::string&) override {
    ends.push_back(reason);
  }
  void want_writable() override { ++full; }
  std::vector<std::uint64_t> ids;
  std::vector<std::size_t> ended_after;
  std::vector<base::CloseReason> ends;
  int rounds = 0, full = 0;
};

void read_all(Channel& channel) {
  while (channel.pump()) {
  }
}

struct Ends {
  explicit Ends(std::size_t capacity = 1 << 20) : pair(net::make_memory_pair(capacity)), link(pair.link) {
    channel = std::make_shared<Channel>(std::move(pair.a), std::make_unique<wire::FrameReader>(), sink, 1 << 20);
    peer = std::make_shared<Channel>(std::move(pair.b), std::make_unique<wire::FrameReader>(), peer_sink, 1 << 20);
  }
  net::MemoryPair pair;
  std::shared_ptr<net::MemoryLink> link;
  std::shared_ptr<Recorder> sink = std::make_shared<Recorder>(), peer_sink = std::make_shared<Recorder>();
  std::shared_ptr<Channel> channel, peer;
};

TEST(Channel, EndsOnceForWhicheverReasonCameFirst) {
  Ends ends;
  ends.channel->end(base::CloseReason::heartbeat_lost, "silence");
  ends.channel->end(base::CloseReason::io_error, "later");
  EXPECT_EQ(ends.sink->ends, std::vector{base::CloseReason::heartbeat_lost});
  EXPECT_FALSE(ends.channel->send(frame_of(1, 0), Urgency::now, false));
}

TEST(Channel, WaitsForRoomNoLongerThanItMay) {
  auto pair = net::make_memory_pair(64);
  const auto channel = std::make_shared<Channel>(std::move(pair.a), std::make_unique<wire::FrameReader>(),
                                                 std::make_shared<Recorder>(), 100);
  ASSERT_TRUE(channel->send(frame_of(1, 1000), Urgency::now, true)) << "into the queue";
  ASSERT_TRUE(channel->send(frame_of(2, 1000), Urgency::now, false));
  EXPECT_FALSE(channel->send(frame_of(3, 0), Urgency::now, true, base::Deadline{base::SteadyTime()}));
  EXPECT_FALSE(channel->ended());
}

TEST(Channel, HandsOnNothingBehindItsEnd) {
  struct Ending final : ChannelSink {
    void on_frame(const wire::Frame&) override {
      ++frames;
      channel.lock()->end(base::CloseReason::io_error, "a write has failed");
    }
    void on_frames_end() override {}
    void after_read(Channel&) override {}
    void on_end(std::shared_ptr<Channel>, base::CloseReason, const std::string&) override {}
    void want_writable() override {}
    std::weak_ptr<Channel> channel;
    int frames = 0;
  };
  auto pair = net::make_memory_pair(1 << 20);
  const auto sink = std::make_shared<Ending>();
  const auto channel =
      std::make_shared<Channel>(std::move(pair.a), std::make_unique<wire::FrameReader>(), sink, 1 << 20);
  const auto peer = std::make_shared<Channel>(std::move(pair.b), std::make_unique<wire::FrameReader>(),
                                              std::make_shared<Recorder>(), 1 << 20);
  sink->channel = channel;
  for (std::uint64_t id = 1; id <= 3; ++id) ASSERT_TRUE(peer->send(frame_of(id, 0), Urgency::corked, false));
  peer->flush();
  read_all(*channel);
  EXPECT_EQ(sink->frames, 1);
  channel->await_reader();
}

TEST(Channel, ReportsThePeersEnd) {
  Ends ends;
  ends.link->cut();
  read_all(*ends.channel);
  ASSERT_EQ(ends.sink->ends.size(), 1u);
}

TEST(Channel, EndsForABrokenFrameAfterTheGoodOnesBeforeIt) {
  Ends ends;
  auto bytes = frame_of(1, 10);
  auto bad = frame_of(2, 0);
  bad[6] = std::byte{1};  // a reserved bit
  bytes.insert(bytes.end(), bad.begin(), bad.end());
  const iovec piece{bytes.data(), bytes.size()};
  ASSERT_EQ(ends.peer->stream().write({&piece, 1}).bytes, bytes.size());
  read_all(*ends.channel);
  EXPECT_EQ(ends.sink->ids, std::vector<std::uint64_t>{1});
  EXPECT_EQ(ends.sink->ends, std::vector{base::CloseReason::protocol_error});
}

TEST(Channel, SaysWhenTheFramesReadTogetherEnd) {
  Ends ends;
  auto bytes = frame_of(1, 10);
  for (const auto& more : {frame_of(2, 0), frame_of(3, 0)}) bytes.insert(bytes.end(), more.begin(), more.end());
  ASSERT_TRUE(ends.peer->send(bytes, Urgency::now, false));
  EXPECT_FALSE(ends.channel->pump());
  ASSERT_FALSE(ends.sink->ended_after.empty());
  EXPECT_EQ(ends.sink->ended_after.back(), 3u);
  EXPECT_EQ(std::count(ends.sink->ended_after.begin(), ends.sink->ended_after.end(), 1u), 0);
}

TEST(Channel, HoldsCorkedFramesBackUntilFlushed) {
  Ends ends;
  ASSERT_TRUE(ends.channel->send(frame_of(1, 8), Urgency::corked, false));
  read_all(*ends.peer);
  EXPECT_TRUE(ends.peer_sink->ids.empty());
  EXPECT_TRUE(ends.channel->has_corked());
  ends.channel->flush();
  read_all(*ends.peer);
  EXPECT_EQ(ends.peer_sink->ids, std::vector<std::uint64_t>{1});
  EXPECT_FALSE(ends.channel->has_corked());
}

TEST(Channel, AFrameSentNowDoesNotOvertakeACorkedOne) {
  Ends ends;
  ASSERT_TRUE(ends.channel->send(frame_of(1, 8), Urgency::corked, false));
  ASSERT_TRUE(ends.channel->send(frame_of(2, 8), Urgency::now, false));
  read_all(*ends.peer);
  EXPECT_EQ(ends.peer_sink->ids, (std::vector<std::uint64_t>{1, 2}));
}

TEST(Channel, GoesOnWhereAFullSocketStoppedIt) {
  Ends ends(1000);
  for (std::uint64_t id = 1; id <= 5; ++id) ASSERT_TRUE(ends.channel->send(frame_of(id, 600), Urgency::now, false));
  EXPECT_EQ(ends.sink->full, 1);
  for (int round = 0; round < 10; ++round) {
    read_all(*ends.peer);
    ends.channel->on_writable();
  }
  EXPECT_EQ(ends.peer_sink->ids, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
}

TEST(Channel, UrgentFramesOvertakeBulkThatWaits) {
  Ends ends(2000);
  ASSERT_TRUE(ends.channel->send(frame_of(1, 1900), Urgency::now, false));
  for (std::uint64_t id = 2; id <= 4; ++id) {
    ASSERT_TRUE(ends.channel->send(frame_of(id, 500, wire::FrameKind::chunk), Urgency::now, false));
  }
  ASSERT_TRUE(ends.channel->send(frame_of(10, 8), Urgency::now, false));
  ASSERT_TRUE(ends.channel->send(frame_of(11, 8), Urgency::now, false));
  for (int round = 0; round < 10; ++round) {
    read_all(*ends.peer);
    ends.channel->on_writable();
  }
  // The first chunk had begun.
  EXPECT_EQ(ends.peer_sink->ids, (std::vector<std::uint64_t>{1, 2, 10, 11, 3, 4}));
}

TEST(Channel, GivesWhatItHasReadAwayInShares) {
  Ends ends(4 << 20);
  for (std::uint64_t id = 1; id <= 10; ++id) {
    ASSERT_TRUE(ends.channel->send(frame_of(id, 200'000), Urgency::now, false));
  }
  EXPECT_TRUE(ends.peer->pump());
  EXPECT_EQ(ends.peer_sink->rounds, 1);
  EXPECT_LT(ends.peer_sink->ids.size(), 5u);
  read_all(*ends.peer);
  EXPECT_EQ(ends.peer_sink->ids.size(), 10u);
}

/// A stream that says when it has enough bulk.
struct Choosy final : net::Stream {
  explicit Choosy(std::unique_ptr<net::Stream> stream) : inner(std::move(stream)) {}
  net::IoResult read(base::MutableBytes into) override { return inner->read(into); }
  net::IoResult write(std::span<const iovec> parts) override { return inner->write(parts); }
  bool has_bulk_room() override { return room; }
  void close() override { inner->close(); }
  base::Result<void> watch(net::Loop& loop, net::Watcher& watcher) override { return inner->watch(loop, watcher); }
  void unwatch() override { inner->unwatch(); }
  int fd() const override { return -1; }
  const net::PeerInfo& peer() const override { return inner->peer(); }
  std::unique_ptr<net::Stream> inner;
  bool room = false;
};

TEST(Channel, BulkWaitsForRoomWhileTheUrgentGoes) {
  auto pair = net::make_memory_pair();
  auto sink = std::make_shared<Recorder>(), peer_sink = std::make_shared<Recorder>();
  auto stream = std::make_unique<Choosy>(std::move(pair.a));
  Choosy& choosy = *stream;
  auto channel = std::make_shared<Channel>(std::move(stream), std::make_unique<wire::FrameReader>(), sink, 1 << 20);
  auto peer = std::make_shared<Channel>(std::move(pair.b), std::make_unique<wire::FrameReader>(), peer_sink, 1 << 20);
  const auto block = base::make_block(60'000);
  const auto head = frame_of(1, 60'000, wire::FrameKind::chunk);
  ASSERT_TRUE(channel->send_bulk(base::Bytes(head).first(wire::kHeaderSize), {block, {block.get(), 60'000}},
                                 Urgency::now, false));
  ASSERT_TRUE(channel->send(frame_of(2, 10, wire::FrameKind::end), Urgency::now, false));
  EXPECT_EQ(sink->full, 1) << "asked once";
  ASSERT_TRUE(channel->send(frame_of(3, 10), Urgency::now, false));
  read_all(*peer);
  EXPECT_EQ(peer_sink->ids, std::vector<std::uint64_t>{3});
  choosy.room = true;
  channel->on_writable();
  read_all(*peer);
  EXPECT_EQ(peer_sink->ids, (std::vector<std::uint64_t>{3, 1, 2}));
}

TEST(Channel, FramesOfManyThreadsArriveWhole) {
  Ends ends(1 << 22);
  constexpr std::uint64_t kThreads = 4, kFrames = 500;
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < kFrames; ++i) {
          ends.channel->send(frame_of(t * kFrames + i, 32), i % 3 == 0 ? Urgency::corked : Urgency::now, true);
        }
      });
    }
  }
  ends.channel->flush();
  read_all(*ends.peer);
  ASSERT_EQ(ends.peer_sink->ids.size(), kThreads * kFrames);
  std::array<std::uint64_t, kThreads> next{};
  for (const auto id : ends.peer_sink->ids) EXPECT_EQ(id % kFrames, next[id / kFrames]++) << "order within a thread";
}

// Sends a chunk whose bytes somebody else has lent.
std::shared_ptr<char> send_lent(Channel& channel, std::vector<std::byte>& bytes) {
  const auto lender = std::make_shared<char>();
  const auto frame = frame_of(1, bytes.size(), wire::FrameKind::chunk);
  EXPECT_TRUE(channel.send_bulk(base::Bytes(frame).first(wire::kHeaderSize), {base::Block(lender, bytes.data()), bytes},
                                Urgency::now, false));
  return lender;
}

TEST(Channel, GivesBackLentMemoryByCopyingWhatIsStillQueuedOfIt) {
  Ends ends(20'000);
  std::vector<std::byte> bytes(64 * 1024, std::byte{7});
  auto lender = send_lent(*ends.channel, bytes);
  EXPECT_GT(lender.use_count(), 1) << "more than the link takes at once";
  ends.channel->copy_queued(lender);
  EXPECT_EQ(lender.use_count(), 1);
  std::ranges::fill(bytes, std::byte{9});
  // Read by hand: the peer's channel keeps nothing of what it reads.
  std::ptrdiff_t sevens = 0, nines = 0;
  std::vector<std::byte> room(100'000);
  for (net::IoResult got = ends.peer->stream().read(room); got.status == net::IoStatus::ok;
       got = ends.peer->stream().read(room)) {
    sevens += std::ranges::count(std::span(room).first(got.bytes), std::byte{7});
    nines += std::ranges::count(std::span(room).first(got.bytes), std::byte{9});
    ends.channel->on_writable();
  }
  EXPECT_GE(sevens, 64 * 1024) << "as it was when it was sent";
  EXPECT_EQ(nines, 0);
}

TEST(Channel, LetsGoOfWhatIsQueuedWhenItEnds) {
  Ends ends(20'000);
  std::vector<std::byte> bytes(64 * 1024, std::byte{7});
  const auto lender = send_lent(*ends.channel, bytes);
  ends.channel->end(base::CloseReason::heartbeat_lost, "silence");
  EXPECT_EQ(lender.use_count(), 1);
}

}  // namespace
}  // namespace daffi::session
