/// @file  FeedCall: who ends it, and who may let go of it meanwhile.
#include "node/feed_call.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "net/virtual_loop.hpp"
#include "rpc/inline_engine.hpp"
#include "rpc/transfers.hpp"

namespace daffi::node {
namespace {

class Endless final : public detail::ItemProducer {
 public:
  Next next(Writer& item, const std::function<void()>&) override {
    item.integer(1);
    return Next::item;
  }
};

ErrorCode code_of(const FeedCall& feed) {
  try {
    if (const auto error = feed.error()) std::rethrow_exception(error);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode{};
}

// Notes over which connection items are to go.
class Nowhere final : public rpc::ServerHost {
 public:
  explicit Nowhere(net::Loop& loop) : loop_(loop) {}
  const base::Clock& clock() const override { return loop_.clock(); }
  std::string name_of(std::uint32_t) const override { return "nobody"; }
  rpc::Caller caller(std::uint32_t) const override { return {}; }
  void send(base::Bytes, session::Urgency) override {}
  std::shared_ptr<session::Channel> connection() const override { return nullptr; }
  void send_item(base::Bytes, session::Channel& over) override { sent_over.push_back(&over); }
  void send_part(const wire::Header&, base::Bytes, const base::Slice&, session::Channel&) override {}
  rpc::Transfers& transfers() override { return transfers_; }
  void send_grants() override {}
  bool reaches(std::uint32_t, std::uint32_t) const override { return true; }
  void expire_at(base::SteadyTime) override {}

  std::vector<const session::Channel*> sent_over;

 private:
  net::Loop& loop_;
  rpc::Transfers transfers_{1 << 20, 1 << 20, [](auto&&...) {}};
};

// One leg, of which nobody hears before it is abandoned.
class Host final : public FeedHost {
 public:
  explicit Host(std::shared_ptr<rpc::Engine> engine) : engine_(std::move(engine)) {}
  base::Result<void> open_feed(FeedCall& feed) override {
    leg = &feed.add_leg(feed.spec());
    feed.leg_sent({.member = 1, .id = 1}, over);
    return {};
  }
  void abandon_feed_call(rpc::OutgoingCall& call, const base::Failure& why) override {
    if (on_abandon) return on_abandon();
    call.failure = why;
    call.settle(*engine_);
  }
  void feed_failed_early() override {}
  void feed_ended() override {
    if (on_ended) on_ended();
  }

  const std::shared_ptr<session::Channel> over = std::make_shared<session::Channel>(nullptr, nullptr, nullptr, 0);
  FeedLeg* leg = nullptr;
  std::function<void()> on_abandon, on_ended;

 private:
  const std::shared_ptr<rpc::Engine> engine_;
};

// The loss of a connection ends a leg in one thread while another one sends the last item, takes the outcome and goes.
// Were the leg over before its failure is known, that outcome would be a good one.
TEST(FeedCall, IsThereUntilTheEndOfALegHasBeenTold) {
  base::FakeClock clock;
  net::VirtualLoop loop(clock);
  const auto engine = rpc::make_inline_engine(loop, {});
  const auto host = std::make_shared<Host>(engine);
  auto feed = std::make_shared<FeedCall>(detail::CallSpec{}, base::Deadline::never(), engine, host,
                                         std::make_shared<Nowhere>(loop));
  const std::weak_ptr<FeedCall> there = feed;
  feed->start(std::make_unique<Endless>());
  loop.run_ready();
  ASSERT_NE(host->leg, nullptr);
  bool abandoned = false, ended = false;
  host->on_abandon = [&] {
    loop.run_ready();
    ASSERT_NE(feed, nullptr) << "the leg that is ending still counts";
    abandoned = true;
  };
  host->on_ended = [&] {
    EXPECT_EQ(code_of(*feed), ErrorCode::lost_controller);
    feed = nullptr;
    EXPECT_FALSE(there.expired());
    ended = true;
  };
  host->leg->failure = base::fail(ErrorCode::lost_controller, "lost");
  host->leg->settle(*engine);
  EXPECT_TRUE(abandoned);
  EXPECT_TRUE(ended);
  EXPECT_TRUE(there.expired());
}

// Its thread does not wait for more credit any longer: a signal, or the end of the engine.
TEST(FeedCall, WhoseSourceIsNotAskedToItsEndHasFailed) {
  base::FakeClock clock;
  net::VirtualLoop loop(clock);
  const auto engine = rpc::make_inline_engine(loop, {});
  const auto host = std::make_shared<Host>(engine);
  const auto feed = std::make_shared<FeedCall>(detail::CallSpec{}, base::Deadline::never(), engine, host,
                                               std::make_shared<Nowhere>(loop));
  feed->run_here(std::make_unique<Endless>());
  ASSERT_TRUE(feed->ready());
  EXPECT_EQ(code_of(*feed), ErrorCode::cancelled);
}

// By the time an item is sent there may be another connection, and the items before it may be lost.
TEST(FeedCall, SendsItsItemsOverTheConnectionOfItsCall) {
  base::FakeClock clock;
  net::VirtualLoop loop(clock);
  const auto engine = rpc::make_inline_engine(loop, {});
  const auto items = std::make_shared<Nowhere>(loop);
  const auto host = std::make_shared<Host>(engine);
  const auto feed = std::make_shared<FeedCall>(detail::CallSpec{}, base::Deadline::never(), engine, host, items);
  feed->start(std::make_unique<Endless>());
  loop.run_ready();
  EXPECT_FALSE(items->sent_over.empty());
  for (const auto over : items->sent_over) EXPECT_EQ(over, host->over.get());
  feed->cancel();
  loop.run_ready();
}

}  // namespace
}  // namespace daffi::node
