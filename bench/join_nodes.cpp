/// @file  A thousand nodes with ten callbacks each, in one process: how long until every one of them knows all others,
/// and whether all know the same.
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "net/endpoint.hpp"
#include "node/node.hpp"
#include "node_plan.hpp"
#include "program.hpp"
#include "rpc/engine.hpp"
#include "session/channel.hpp"

namespace {

constexpr std::size_t kCallbacks = 10;
constexpr std::size_t kStartingAtOnce = 64;

/// Reads on the loop's thread and runs nothing: there are no calls. With it a thousand nodes need two threads.
/// Threads: wait() and finish() any, the rest the loop's.
class ReadingEngine final : public daffi::rpc::Engine,
                            public daffi::net::Watcher,
                            public std::enable_shared_from_this<ReadingEngine> {
 public:
  explicit ReadingEngine(daffi::net::Loop& loop) : loop_(loop) {}

  daffi::base::Result<void> attach(std::shared_ptr<daffi::session::Channel> channel) override {
    channel_ = std::move(channel);
    loop_.post([self = weak_from_this()] {
      if (const auto engine = self.lock()) engine->on_ready({true, false});
    });
    return channel_->stream().watch(loop_, *this);
  }
  void detach() override {
    if (const auto channel = std::exchange(channel_, nullptr)) channel->stream().unwatch();
  }
  void want_writable() override {}
  void flush_soon() override {
    loop_.post([self = weak_from_this()] {
      const auto engine = self.lock();
      if (engine && engine->channel_) engine->channel_->flush();
    });
  }
  void on_ready(daffi::net::Ready ready) override {
    const auto channel = channel_;
    if (!channel) return;
    if (ready.writable) channel->on_writable();
    while (ready.readable && channel->pump()) {
    }
  }

  bool wait(daffi::rpc::Completion& what, daffi::base::Deadline) override {
    for (auto state = what.state.load(); (state & daffi::rpc::Completion::kDone) == 0; state = what.state.load())
      what.state.wait(state);
    return true;
  }
  void finish(daffi::rpc::Completion& what) override {
    what.state.fetch_or(daffi::rpc::Completion::kDone);
    what.state.notify_all();
  }

  bool submit(daffi::rpc::Work&) override { return false; }
  void submit_always(daffi::rpc::Work& work) override { work.discard(); }
  void kick() override {}
  bool in_handler() const override { return false; }
  void stop(daffi::base::Deadline) override {}
  daffi::rpc::EngineStats stats() const override { return {}; }

 private:
  daffi::net::Loop& loop_;
  std::shared_ptr<daffi::session::Channel> channel_;
};

std::unique_ptr<daffi::net::LoopThread> start_loop() {
  auto thread = daffi::net::LoopThread::start();
  if (!thread.ok()) bench::fail(thread.failure().message);
  return std::move(thread).value();
}

std::string name_of(std::size_t number) { return "bench-node-" + std::to_string(number); }

std::unique_ptr<daffi::node::Node> make_node(daffi::net::Loop& loop, daffi::global_::Plan plan, std::size_t number) {
  plan.node.process_name = name_of(number);
  auto node = std::make_unique<daffi::node::Node>(loop, std::make_shared<ReadingEngine>(loop),
                                                  daffi::net::make_connector(loop, plan.endpoint, nullptr), plan.node,
                                                  daffi::node::Events{});
  for (std::size_t i = 0; i < kCallbacks; ++i) {
    daffi::detail::CallbackSpec spec;
    spec.name = "callback_" + std::to_string(number) + "_" + std::to_string(i);
    node->add_callback(std::move(spec));
  }
  return node;
}

/// Runs `work(0)` to `work(count - 1)`, on so many threads.
void on_threads(std::size_t threads, std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> running;
  for (std::size_t i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      for (std::size_t number = next++; number < count; number = next++) work(number);
    });
  }
  for (std::thread& thread : running) thread.join();
}

/// Until the node knows everybody; a member appears together with its callbacks.
void wait_for_all(daffi::node::Node& node, std::size_t count) {
  for (std::size_t number = count; number > 0; --number) {
    const auto deadline = daffi::base::Deadline::in(daffi::base::Clock::system(), std::chrono::seconds(250));
    while (!node.identity_of(name_of(number))) {
      if (deadline.passed(daffi::base::Clock::system().now())) bench::fail("a node never heard of " + name_of(number));
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
}

/// All that a node knows of itself and others, in short.
std::size_t digest_of(const daffi::node::Node& node) {
  std::vector<std::string> lines;
  for (const auto& member : node.members()) {
    for (const auto& callback : member.callbacks) lines.push_back(member.process_name + ' ' + callback.name);
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line + '\n';
  return lines.size() + (std::hash<std::string>{}(all) << 24);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  const std::size_t count = options.callees;
  bench::allow_many_descriptors();
  // The nodes' side has more to do than the controller's: each of them keeps a directory of its own.
  std::array loops{start_loop(), start_loop()};
  const daffi::global_::Plan plan = bench::node_plan(options, "bench-node");
  std::vector<std::unique_ptr<daffi::node::Node>> nodes;
  for (std::size_t i = 0; i < count; ++i) nodes.push_back(make_node(loops[i % loops.size()]->loop(), plan, i + 1));

  const auto before = bench::SteadyClock::now();
  on_threads(kStartingAtOnce, count, [&](std::size_t i) {
    if (const auto started = nodes[i]->start(); !started.ok()) bench::fail(started.failure().message);
  });
  for (const auto& node : nodes) wait_for_all(*node, count);
  const std::chrono::duration<double> seconds = bench::SteadyClock::now() - before;

  std::vector<std::size_t> digests(count);
  on_threads(2, count, [&](std::size_t i) { digests[i] = digest_of(*nodes[i]); });
  for (const std::size_t digest : digests) {
    if (digest != digests.front()) bench::fail("two directories differ");
  }
  if ((digests.front() & 0xffffff) != count * kCallbacks) bench::fail("the directories lack callbacks");
  std::printf("{\"seconds\": %.3f, \"nodes\": %zu, \"callbacks\": %zu}\n", seconds.count(), count, count * kCallbacks);
  std::fflush(stdout);
  // Ended by the driver, once it has looked at the controller.
  for (;;) ::pause();
}
