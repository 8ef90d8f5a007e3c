/// @file  Many nodes in one process that join and then do nothing but say now and then that they are there: what they
/// receive is thrown away, so that all the memory is the controller's.
#include <array>
#include <atomic>
#include <memory>
#include <utility>

#include "base/random.hpp"
#include "global/plan.hpp"
#include "net/endpoint.hpp"
#include "node/link.hpp"
#include "node_plan.hpp"
#include "program.hpp"
#include "wire/header.hpp"

namespace {

constexpr std::size_t kJoiningAtOnce = 128;
constexpr auto kSignOfLife = std::chrono::seconds(4);

class Crowd;

/// One node: a link until it is a member, then a stream that is read and not looked at.
/// Strand: the loop's thread.
class IdleNode final : public daffi::node::LinkOwner, private daffi::net::Watcher {
 public:
  IdleNode(Crowd& crowd, const daffi::global_::Plan& plan, std::size_t number);

  void start() { link_.start(); }
  void say_that_it_is_there() {
    if (!stream_) return;
    std::array<std::byte, daffi::wire::kHeaderSize> ping;
    daffi::wire::encode_header({.kind = daffi::wire::FrameKind::ping, .epoch = epoch_, .id = 1}, ping);
    const iovec part{ping.data(), ping.size()};
    (void)stream_->write({&part, 1});
  }

 private:
  daffi::wire::Register registrations() override { return {}; }
  void on_established(std::unique_ptr<daffi::net::Stream> stream, std::unique_ptr<daffi::wire::FrameReader>,
                      const daffi::session::ClientHandshake& handshake) override;
  void on_attempt_failed(const daffi::base::Failure& failure, bool final) override {
    if (final) bench::fail(failure.message);
  }
  void on_ready(daffi::net::Ready) override;
  void lose();

  static daffi::session::Presentation presentation(std::size_t number) {
    daffi::session::Presentation me;
    me.process_name = "bench-idle-" + std::to_string(number);
    daffi::base::random_bytes(me.instance_token);
    return me;
  }

  Crowd& crowd_;
  daffi::node::Link link_;
  std::unique_ptr<daffi::net::Stream> stream_;
  std::uint32_t epoch_ = 0;
  bool losing_ = false;  // on its way to be taken down
};

/// All of them, joining so many at a time. Strand: the loop's thread, but for joined().
class Crowd {
 public:
  Crowd(daffi::net::Loop& loop, daffi::global_::Plan plan, std::size_t count)
      : loop_(loop), plan_(std::move(plan)), count_(count), timer_(loop) {}

  void start() {
    for (std::size_t i = 0; i < kJoiningAtOnce; ++i) start_next();
    show_signs_of_life();
  }
  void one_has_joined() {
    start_next();
    joined_.fetch_add(1);
    joined_.notify_all();
  }
  void one_was_lost() { joined_.fetch_sub(1); }
  void wait_for_all() const {
    for (std::size_t joined = joined_; joined < count_; joined = joined_) joined_.wait(joined);
  }

  daffi::net::Loop& loop() { return loop_; }
  daffi::base::MutableBytes nowhere() { return nowhere_; }

 private:
  void start_next() {
    if (nodes_.size() == count_) return;
    nodes_.push_back(std::make_unique<IdleNode>(*this, plan_, nodes_.size() + 1));
    nodes_.back()->start();
  }
  void show_signs_of_life();

  daffi::net::Loop& loop_;
  const daffi::global_::Plan plan_;
  const std::size_t count_;
  std::vector<std::unique_ptr<IdleNode>> nodes_;
  std::vector<std::byte> nowhere_ = std::vector<std::byte>(1 << 18);
  daffi::net::Timer timer_;
  std::atomic<std::size_t> joined_{0};
};

void Crowd::show_signs_of_life() {
  for (const auto& node : nodes_) node->say_that_it_is_there();
  timer_.after(kSignOfLife, [this] { show_signs_of_life(); });
}

IdleNode::IdleNode(Crowd& crowd, const daffi::global_::Plan& plan, std::size_t number)
    : crowd_(crowd),
      link_(crowd.loop(), daffi::net::make_connector(crowd.loop(), plan.endpoint, nullptr), presentation(number),
            plan.node.secrets, *this) {}

void IdleNode::on_established(std::unique_ptr<daffi::net::Stream> stream, std::unique_ptr<daffi::wire::FrameReader>,
                              const daffi::session::ClientHandshake& handshake) {
  stream_ = std::move(stream);
  epoch_ = handshake.welcome().epoch;
  if (!stream_->watch(crowd_.loop(), *this).ok()) bench::fail("a stream cannot be watched");
  crowd_.one_has_joined();
}

void IdleNode::on_ready(daffi::net::Ready) {
  for (;;) {
    const daffi::net::IoResult result = stream_->read(crowd_.nowhere());
    if (result.status == daffi::net::IoStatus::would_block) return;
    if (result.status != daffi::net::IoStatus::ok) return lose();
  }
}

// A machine that is too slow for so many at once loses some on the way; like any node they come back.
void IdleNode::lose() {
  if (std::exchange(losing_, true)) return;
  crowd_.one_was_lost();
  crowd_.loop().post([this] {
    stream_->unwatch();
    stream_ = nullptr;
    losing_ = false;
    link_.restart();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  bench::allow_many_descriptors();
  auto thread = daffi::net::LoopThread::start();
  if (!thread.ok()) bench::fail(thread.failure().message);
  daffi::net::LoopThread& loop = **thread;
  std::unique_ptr<Crowd> crowd;
  loop.run_and_wait([&] {
    crowd = std::make_unique<Crowd>(loop.loop(), bench::node_plan(options, "bench-idle"), options.callees);
    crowd->start();
  });
  crowd->wait_for_all();
  bench::report_ready(0);
  for (;;) ::pause();
}
