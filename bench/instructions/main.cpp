/// @file  Does the work of a caller, a controller and a callee a given number of times, for callgrind to count the
/// instructions of one of them: bench_instructions PARTY. One dump per phase, named "PHASE COUNT FRAMES".
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "instructions/world.hpp"
#include "program.hpp"

namespace {

using bench::Meter;
using bench::Party;
using bench::World;

constexpr std::size_t kPayload = 64;
constexpr std::size_t kLarge = std::size_t{1} << 20;

struct Echo : daffi::Fetcher {
  using Fetcher::Fetcher;
  daffi::Fetch<std::string(std::string)> echo{*this, "echo"};
};

/// Runs `work(count)` first for practice, so that nothing is allocated for the first time while it counts.
template <typename Work>
void phase(World& world, const char* name, std::size_t count, Work&& work) {
  work(count);
  const std::uint64_t before = world.frames_switched();
  Meter::begin();
  work(count);
  Meter::end(name + (" " + std::to_string(count)) + " " + std::to_string(world.frames_switched() - before));
}

void call_one_by_one(const Echo& fetcher, std::size_t count, const std::string& argument) {
  const Meter::Scope scope(Party::caller);
  for (std::size_t i = 0; i < count; ++i) {
    if (fetcher.echo(argument).size() != argument.size()) bench::fail("the callee gave back something else");
  }
}

void call_many_at_once(const Echo& fetcher, std::size_t count, const std::string& argument) {
  std::vector<daffi::AsyncResult<std::string>> window(256);
  const Meter::Scope scope(Party::caller);
  for (std::size_t i = 0; i < count + window.size(); ++i) {
    auto& oldest = window[i % window.size()];
    if (i >= window.size() && oldest.get().size() != argument.size()) bench::fail("something else came back");
    if (i < count) oldest = fetcher.echo.call(daffi::BG{}, argument);
  }
}

void take_stream(const daffi::Global& global, std::size_t count, const std::string& argument) {
  const Meter::Scope scope(Party::caller);
  std::size_t came = 0;
  for (const std::string& item :
       daffi::Fetch<daffi::Stream<std::string>(std::string, std::size_t)>(global, "items")(argument, count)) {
    came += item.size() == argument.size() ? 1 : 0;
  }
  if (came != count) bench::fail("items were lost");
}

daffi::Generator<std::string> repeat(std::string item, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) co_yield item;
}

void give_stream(const daffi::Global& global, std::size_t count, const std::string& argument) {
  const Meter::Scope scope(Party::caller);
  daffi::Fetch<void()> take{global, "take", [&] { return repeat(argument, count); }};
  take();
}

Party parse_party(std::string_view name) {
  if (name == "caller") return Party::caller;
  if (name == "controller") return Party::controller;
  if (name == "callee") return Party::callee;
  bench::fail("whose instructions? caller, controller or callee");
}

}  // namespace

int main(int argc, char** argv) {
  Meter::choose(parse_party(argc == 2 ? argv[1] : ""));
  World world;
  const auto echo = world.callee().callback("echo", [](std::string text) { return text; });
  const auto items = world.callee().callback(
      "items", [](std::string item, std::size_t count) { return repeat(std::move(item), count); });
  const auto take = world.callee().callback("take", [](std::string_view) {});
  for (const char* name : {"echo", "items", "take"}) world.caller().wait_function(name, std::chrono::seconds(10));

  const Echo fetcher{world.caller()};
  const std::string small(kPayload, 'x'), large(kLarge, 'y');
  phase(world, "call", 400, [&](std::size_t count) { call_one_by_one(fetcher, count, small); });
  phase(world, "call_of_256", 2560, [&](std::size_t count) { call_many_at_once(fetcher, count, small); });
  phase(world, "item_to_fetcher", 6000, [&](std::size_t count) { take_stream(world.caller(), count, small); });
  phase(world, "item_to_callback", 6000, [&](std::size_t count) { give_stream(world.caller(), count, small); });
  phase(world, "echo_1m", 4, [&](std::size_t count) { call_one_by_one(fetcher, count, large); });
}
