/// @file  The long form's last case: one fault after the other, drawn at random, for as long as was asked for.
#include <signal.h>

#include <iomanip>
#include <iostream>
#include <list>
#include <optional>
#include <random>

#include "faults/chaos_proxy.hpp"
#include "faults/field.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::vector<std::string> kAttentive{"--heartbeat",    "2",  "--grace",    "1",
                                          "--connect-wait", "10", "--pause-us", "5000"};

// Two holders and a caller on the bad network, two and one beside it, and a controller that dies as well.
struct Soak : Field {
  Soak() {
    start_controller_on_tcp(kAttentive);
    proxy_.emplace(std::uint16_t{0}, port());
    for (const auto& name : callees_) start_again(name);
    for (const auto& name : callers_) start_again(name);
  }

  Arguments by_proxy() const {
    auto arguments = kAttentive;
    arguments.insert(arguments.end(), {"--host", "127.0.0.1", "--port", std::to_string(proxy_->port())});
    return arguments;
  }
  void start_again(const std::string& name) {
    const auto arguments = name.ends_with("far") ? by_proxy() : kAttentive;
    if (name.starts_with("caller")) {
      start_caller("unary,batch,stream,feed,large", arguments, name);
    } else {
      start_callee(name, arguments);
    }
  }
  // Everybody gets on with it: what was broken is mended.
  void await_everybody() {
    for (const auto& name : callers_) await_calls(name, 100);
  }
  std::size_t draw(std::size_t below) { return random_() % below; }
  std::chrono::milliseconds draw_time(int most_ms) {
    return std::chrono::milliseconds(draw(static_cast<std::size_t>(most_ms)));
  }
  std::string draw_name() {
    const auto i = draw(callees_.size() + callers_.size());
    return i < callees_.size() ? callees_[i] : callers_[i - callees_.size()];
  }

  std::string do_harm() {
    switch (draw(9)) {
      case 0: {
        const auto name = draw_name();
        kill(name);
        start_again(name);
        return "killed " + name;
      }
      case 1: {
        const auto name = callees_[draw(callees_.size())];
        stop(name);
        start_again(name);
        return "SIGTERM to " + name;
      }
      case 2:
        kill("controller");
        let_pass(draw_time(2000));
        start_controller(kAttentive);
        return "killed the controller";
      case 3: {
        const auto name = draw(3) == 0 ? "controller" : draw_name();
        process(name).send(SIGSTOP);
        let_pass(draw_time(4000));
        process(name).send(SIGCONT);
        return "froze " + name;
      }
      case 4:
        proxy_->set({.stalled = true});
        let_pass(draw_time(5000));
        proxy_->set({});
        return "stalled both ways";
      case 5: {
        const Way way = draw(2) == 0 ? Way::up : Way::down;
        proxy_->set(way, {.stalled = draw(2) == 0, .swallowed = true});
        let_pass(draw_time(5000));
        proxy_->set(way, {});
        proxy_->cut();
        return std::string("cut one way, ") + (way == Way::up ? "up" : "down");
      }
      case 6:
        proxy_->half_open();
        return "forgot connections at one end";
      case 7:
        proxy_->set({.delay = 200ms, .jitter = 100ms, .bytes_per_second = 3'000'000});
        let_pass(draw_time(5000));
        proxy_->set({});
        return "was slow";
      default:
        proxy_->cut();
        return "cut connections";
    }
  }

  void show_footprints(const std::string& when) {
    for (const auto& name : everybody()) {
      const auto print = footprint(process(name).pid());
      std::cout << "  " << when << ": " << std::setw(12) << std::left << name << std::right << std::setw(8)
                << print.memory_kib << " KiB, " << std::setw(3) << print.descriptors << " descriptors" << std::endl;
    }
  }
  std::vector<std::string> everybody() const {
    std::vector<std::string> all{"controller"};
    all.insert(all.end(), callees_.begin(), callees_.end());
    all.insert(all.end(), callers_.begin(), callers_.end());
    return all;
  }

  const std::vector<std::string> callees_{"one_far", "two_far", "three", "four"};
  const std::vector<std::string> callers_{"caller_far", "caller_near"};
  std::mt19937 random_{std::random_device{}()};
  std::optional<ChaosProxy> proxy_;
};

TEST_F(Soak, WhateverBreaksNothingIsLostAndNothingRunsTwice) {
  const auto until = std::max(soak_end(), Clock::now() + 30s);
  await_everybody();
  show_footprints("at the start");
  const auto before = footprint(process("three").pid());
  auto next_line = Clock::now();
  for (int faults = 1; Clock::now() < until; ++faults) {
    const std::string harm = do_harm();
    await_everybody();
    if (HasFailure()) break;
    if (Clock::now() < next_line) continue;
    next_line = Clock::now() + 10s;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(until - Clock::now()).count();
    std::cout << "  " << faults << " faults, the last: " << harm << "; " << std::max<long>(left, 0) << " s to go"
              << std::endl;
  }
  show_footprints("at the end");
  EXPECT_LE(footprint(process("three").pid()).descriptors, before.descriptors + 8);
  for (const auto& name : callers_) finish(name);
  judge();
}

}  // namespace
}  // namespace daffi::tests
