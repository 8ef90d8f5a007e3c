/// @file  ThreadedEngine over a real socket pair: who reads, who runs, and what a blocked callback may delay.
#include "rpc/threaded_engine.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "net/fd_stream.hpp"
#include "session/channel.hpp"

namespace daffi::rpc {
namespace {

using namespace std::chrono_literals;

std::vector<std::byte> frame_of(wire::FrameKind kind, std::uint64_t id) {
  std::vector<std::byte> frame(wire::kHeaderSize);
  wire::encode_header({0, kind, 0, 0, 0, 0, id}, std::span(frame).first<wire::kHeaderSize>());
  return frame;
}

// A gate that callbacks block at until a test opens it.
class Gate {
 public:
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  bool wait_for(std::size_t waiting) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return waiting_ >= waiting; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t waiting_ = 0;
  bool open_ = false;
};

// One end of a socket pair under the engine: every "call" frame becomes work, every "result" frame finishes a
// completion. The other end is the test's.
struct Rig : session::ChannelSink {
  struct Piece final : Work {
    Piece(Rig& rig, std::uint64_t id) : rig(rig), id(id) {}
    void run(bool last) override {
      const std::unique_ptr<Piece> self(this);
      if (rig.handler) rig.handler(id);
      rig.channel->send(frame_of(wire::FrameKind::result, id), last ? session::Urgency::now : session::Urgency::corked,
                        false);
    }
    bool refuse() override {
      rig.channel->send(frame_of(wire::FrameKind::refuse, id), session::Urgency::now, false);
      delete this;
      return true;
    }
    void discard() override { delete this; }
    Rig& rig;
    std::uint64_t id;
  };

  static std::shared_ptr<Rig> make(EngineOptions options = {}) {
    auto rig = std::make_shared<Rig>();
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    rig->peer = ends[1];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    timeval patience{20, 0};
    setsockopt(rig->peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    rig->engine = *make_threaded_engine(options);
    rig->channel = std::make_shared<session::Channel>(std::make_unique<net::FdStream>(net::Descriptor(ends[0])),
                                                      std::make_unique<wire::FrameReader>(), rig, 8u << 20);
    EXPECT_TRUE(rig->engine->attach(rig->channel).ok());
    return rig;
  }
  void close() {
    engine->detach();
    engine->stop(base::Deadline::in(base::Clock::system(), 20s));
    channel = nullptr;
    ::close(peer);
  }

  void on_frame(const wire::Frame& frame) override { thread_local_batch().push_back(frame.header); }
  void after_read(session::Channel&) override {
    for (const auto& header : std::exchange(thread_local_batch(), {})) {
      if (header.kind == wire::FrameKind::result) {
        engine->finish(completions[header.id]);
        continue;
      }
      auto* piece = new Piece(*this, header.id);
      if (engine->submit(*piece)) continue;
      delete piece;
      channel->send(frame_of(wire::FrameKind::refuse, header.id), session::Urgency::now, false);
    }
    engine->kick();
  }
  void on_end(std::shared_ptr<session::Channel>, base::CloseReason, const std::string&) override {}
  void want_writable() override { engine->want_writable(); }
  static std::vector<wire::Header>& thread_local_batch() {
    thread_local std::vector<wire::Header> batch;
    return batch;
  }

  // The test's end.
  void send(const std::vector<std::byte>& bytes) {
    ASSERT_EQ(::write(peer, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  wire::Header receive() {
    std::array<std::byte, wire::kHeaderSize> bytes;
    std::size_t got = 0;
    while (got < bytes.size()) {
      const auto more = ::read(peer, bytes.data() + got, bytes.size() - got);
      if (more <= 0) return {};
      got += static_cast<std::size_t>(more);
    }
    return wire::decode_header(bytes);
  }

  std::shared_ptr<Engine> engine;
  std::shared_ptr<session::Channel> channel;
  std::function<void(std::uint64_t)> handler;
  std::array<Completion, 16> completions;
  int peer = -1;
};

TEST(ThreadedEngine, WaitGivesUpAtItsDeadline) {
  auto rig = Rig::make();
  EXPECT_FALSE(rig->engine->wait(rig->completions[0], base::Deadline::in(base::Clock::system(), 10ms)));
  rig->close();
}

TEST(ThreadedEngine, ABlockedCallerReadsItsOwnAnswer) {
  auto rig = Rig::make();
  std::jthread answering([&] {
    const auto asked = rig->receive();
    rig->send(frame_of(wire::FrameKind::result, asked.id));
  });
  rig->channel->send(frame_of(wire::FrameKind::call, 3), session::Urgency::now, false);
  EXPECT_TRUE(rig->engine->wait(rig->completions[3], base::Deadline::in(base::Clock::system(), 20s)));
  answering.join();
  rig->close();
}

TEST(ThreadedEngine, EveryOneOfManyBlockedCallersIsWoken) {
  auto rig = Rig::make();
  std::atomic<int> woken{0};
  {
    std::vector<std::jthread> callers;
    for (std::uint64_t id = 0; id < 8; ++id) {
      callers.emplace_back([&, id] {
        if (rig->engine->wait(rig->completions[id], base::Deadline::in(base::Clock::system(), 20s))) ++woken;
      });
    }
    // In an order that ends leaders and followers alike.
    for (const std::uint64_t id : {5u, 0u, 7u, 1u, 2u, 6u, 3u, 4u}) rig->send(frame_of(wire::FrameKind::result, id));
  }
  EXPECT_EQ(woken.load(), 8);
  rig->close();
}

TEST(ThreadedEngine, ServesACallThoughTheCallersThatInputWasLeftToStayAway) {
  constexpr std::uint64_t kLast = 15;
  auto rig = Rig::make();
  std::jthread answering([&] {
    for (auto asked = rig->receive(); asked.id != kLast; asked = rig->receive()) {
      rig->send(frame_of(wire::FrameKind::result, asked.id));
    }
  });
  const auto patience = base::Deadline::in(base::Clock::system(), 20s);
  while (!rig->engine->stats().input_left_to_callers && !patience.passed(base::Clock::system().now())) {
    rig->completions[3].state = 0;
    rig->channel->send(frame_of(wire::FrameKind::call, 3), session::Urgency::corked, false);
    rig->engine->flush_soon();
    ASSERT_TRUE(rig->engine->wait(rig->completions[3], patience));
  }
  EXPECT_TRUE(rig->engine->stats().input_left_to_callers);
  rig->channel->send(frame_of(wire::FrameKind::call, kLast), session::Urgency::now, false);
  answering.join();
  rig->send(frame_of(wire::FrameKind::call, 7));
  EXPECT_EQ(rig->receive().id, 7u);
  EXPECT_FALSE(rig->engine->stats().input_left_to_callers) << "a process that serves has its handler threads read";
  rig->close();
}

TEST(ThreadedEngine, ACompletionFinishedByAnotherThreadWakesTheLeader) {
  auto rig = Rig::make();
  std::jthread finishing([&] { rig->engine->finish(rig->completions[1]); });
  EXPECT_TRUE(rig->engine->wait(rig->completions[1], base::Deadline::in(base::Clock::system(), 20s)));
  finishing.join();
  rig->close();
}

TEST(ThreadedEngine, AnswersACallWhileTwoHundredCallbacksBlock) {
  auto rig = Rig::make();
  Gate gate;
  rig->handler = [&](std::uint64_t id) {
    if (id < 200) gate.pass();
  };
  // All of them in one write: the worst case, one batch read by one thread.
  std::vector<std::byte> all;
  for (std::uint64_t id = 0; id <= 200; ++id) {
    const auto frame = frame_of(wire::FrameKind::call, id);
    all.insert(all.end(), frame.begin(), frame.end());
  }
  rig->send(all);
  EXPECT_EQ(rig->receive().id, 200u) << "the one that does not block is answered first";
  EXPECT_TRUE(gate.wait_for(200)) << "and all the others have begun";
  gate.open();
  for (int i = 0; i < 200; ++i) EXPECT_LT(rig->receive().id, 200u);
  rig->close();
}

// Goes with the thread it belongs to, and takes its time.
struct Farewell {
  explicit Farewell(std::shared_ptr<std::atomic<int>> counter) : said(std::move(counter)) {}
  ~Farewell() {
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    ++*said;
  }
  std::shared_ptr<std::atomic<int>> said;
};

TEST(ThreadedEngine, StopWaitsUntilItsThreadsAreGoneWithAllTheyKeep) {
  constexpr std::uint64_t threads = 5;
  auto rig = Rig::make();
  Gate gate;
  const auto said = std::make_shared<std::atomic<int>>(0);
  rig->handler = [&](std::uint64_t) {
    thread_local const Farewell farewell{said};
    gate.pass();
  };
  for (std::uint64_t id = 0; id < threads; ++id) rig->send(frame_of(wire::FrameKind::call, id));
  ASSERT_TRUE(gate.wait_for(threads));
  gate.open();
  for (std::uint64_t id = 0; id < threads; ++id) rig->receive();
  rig->close();
  EXPECT_EQ(said->load(), static_cast<int>(threads));
}

TEST(ThreadedEngine, RefusesWorkWhenAllItsThreadsAreStuck) {
  auto rig = Rig::make({.handler_threads = 2, .max_queued = 16, .busy_poll = {}});
  Gate gate;
  rig->handler = [&](std::uint64_t) { gate.pass(); };
  rig->send(frame_of(wire::FrameKind::call, 0));
  rig->send(frame_of(wire::FrameKind::call, 1));
  ASSERT_TRUE(gate.wait_for(2));
  // The tick has to find the second one stuck first, so the third may wait in the queue for a moment; of several, one
  // is refused.
  wire::Header answer;
  for (std::uint64_t id = 2; id < 20 && answer.kind != wire::FrameKind::refuse; ++id) {
    rig->send(frame_of(wire::FrameKind::call, id));
    if (id > 17) answer = rig->receive();
  }
  EXPECT_EQ(answer.kind, wire::FrameKind::refuse);
  gate.open();
  rig->close();
}

TEST(ThreadedEngine, TakesWorkAgainOnceThoseThatWereStuckHaveEnded) {
  auto rig = Rig::make({.handler_threads = 1, .max_queued = 16, .busy_poll = {}});
  Gate gate;
  rig->handler = [&](std::uint64_t id) {
    if (id == 0) gate.pass();
  };
  rig->send(frame_of(wire::FrameKind::call, 0));
  ASSERT_TRUE(gate.wait_for(1));
  rig->send(frame_of(wire::FrameKind::call, 1));
  EXPECT_EQ(rig->receive().kind, wire::FrameKind::refuse);
  gate.open();
  EXPECT_EQ(rig->receive().id, 0u);
  // The answer leaves shortly before the thread is free.
  wire::Header answer;
  for (std::uint64_t id = 2; id < 2000 && answer.kind != wire::FrameKind::result; ++id) {
    rig->send(frame_of(wire::FrameKind::call, id));
    answer = rig->receive();
  }
  EXPECT_EQ(answer.kind, wire::FrameKind::result);
  rig->close();
}

TEST(ThreadedEngine, StillReadsWhenAllItsThreadsAreStuck) {
  auto rig = Rig::make({.handler_threads = 1, .max_queued = 16, .busy_poll = {}});
  Gate gate;
  rig->handler = [&](std::uint64_t) { gate.pass(); };
  rig->send(frame_of(wire::FrameKind::call, 0));
  ASSERT_TRUE(gate.wait_for(1));
  const auto before = rig->channel->bytes_received();
  rig->send(frame_of(wire::FrameKind::result, 2));
  EXPECT_TRUE(rig->engine->wait(rig->completions[2], base::Deadline::in(base::Clock::system(), 20s)));
  EXPECT_GT(rig->channel->bytes_received(), before);
  gate.open();
  rig->close();
}

TEST(ThreadedEngine, ACallbackThatWaitsForAnAnswerDelaysNobody) {
  auto rig = Rig::make();
  rig->handler = [&](std::uint64_t id) {
    if (id == 0) rig->engine->wait(rig->completions[9], base::Deadline::in(base::Clock::system(), 20s));
  };
  auto both = frame_of(wire::FrameKind::call, 0);
  const auto second = frame_of(wire::FrameKind::call, 1);
  both.insert(both.end(), second.begin(), second.end());
  rig->send(both);
  EXPECT_EQ(rig->receive().id, 1u);
  rig->send(frame_of(wire::FrameKind::result, 9));
  EXPECT_EQ(rig->receive().id, 0u);
  rig->close();
}

TEST(ThreadedEngine, FlushesWhatWasCorkedByAThreadThatDoesNotWait) {
  auto rig = Rig::make();
  rig->channel->send(frame_of(wire::FrameKind::call, 4), session::Urgency::corked, false);
  rig->engine->flush_soon();
  EXPECT_EQ(rig->receive().id, 4u);
  rig->close();
}

TEST(ThreadedEngine, FlushesWhatWasCorkedAfterAnotherFlush) {
  auto rig = Rig::make();
  for (std::uint64_t id = 1; id <= 100; ++id) {
    for (const bool flushed : {true, false}) {
      rig->channel->send(frame_of(wire::FrameKind::call, 2 * id + (flushed ? 0 : 1)), session::Urgency::corked, false);
      rig->engine->flush_soon();
      if (flushed) rig->channel->flush();
    }
    EXPECT_EQ(rig->receive().id, 2 * id);
    EXPECT_EQ(rig->receive().id, 2 * id + 1);
  }
  rig->close();
}

TEST(ThreadedEngine, StopDiscardsWhatHasNotBegunAndWaitsForWhatHas) {
  auto rig = Rig::make({.handler_threads = 1, .max_queued = 16, .busy_poll = {}});
  Gate gate;
  std::atomic<int> ran{0};
  rig->handler = [&](std::uint64_t) {
    gate.pass();
    ++ran;
  };
  rig->send(frame_of(wire::FrameKind::call, 0));
  ASSERT_TRUE(gate.wait_for(1));
  std::jthread opening([&] { gate.open(); });
  rig->engine->stop(base::Deadline::in(base::Clock::system(), 20s));
  EXPECT_EQ(ran.load(), 1);
  rig->close();
}

}  // namespace
}  // namespace daffi::rpc
