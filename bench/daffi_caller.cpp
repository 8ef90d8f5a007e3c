/// @file  Our caller: one FG call at a time; a window of BG calls of which the oldest is awaited and replaced; a stream
/// of items in either direction; large values there and back, also beside small calls.
#include <atomic>
#include <thread>

#include "daffi_options.hpp"

namespace {

struct Echo : daffi::Fetcher {
  using Fetcher::Fetcher;
  daffi::Fetch<std::string(std::string)> echo{*this, "echo"};
};

void expect_reply(const std::string& reply, const std::string& argument) {
  if (reply != argument) bench::fail("the callee gave back something else");
}

void run_latency(const Echo& fetcher, const bench::Options& options) {
  const std::string argument(options.payload, 'x');
  bench::measure_latency(options, [&](std::uint64_t) { expect_reply(fetcher.echo(argument), argument); });
}

void run_broadcast(const Echo& fetcher, const bench::Options& options) {
  const std::string argument(options.payload, 'x');
  bench::measure_latency(options, [&](std::uint64_t) {
    const auto outcomes = fetcher.echo.call(daffi::BROADCAST{}, argument);
    if (outcomes.size() != options.callees) bench::fail("not every callee was asked");
    for (const auto& [process, outcome] : outcomes) expect_reply(*outcome, argument);
  });
}

void run_pipeline(const Echo& fetcher, const bench::Options& options) {
  const std::string argument(options.payload, 'x');
  std::vector<daffi::AsyncResult<std::string>> window;
  window.reserve(options.outstanding);
  for (std::size_t i = 0; i < options.outstanding; ++i) window.push_back(fetcher.echo.call(daffi::BG{}, argument));
  bench::RateMeter meter{options};
  for (std::size_t oldest = 0, ended = 0;; oldest = oldest + 1 == options.outstanding ? 0 : oldest + 1) {
    expect_reply(window[oldest].get(), argument);
    window[oldest] = fetcher.echo.call(daffi::BG{}, argument);
    // The clock is read once in a while only: it would be a measurable part of such a call.
    if (++ended == 64) {
      if (!meter.add(ended)) break;
      ended = 0;
    }
  }
  meter.report();
}

// The clock is read once for so many small items.
std::size_t items_per_look(const bench::Options& options) { return options.payload < 4096 ? 64 : 1; }

void run_stream_to_fetcher(const daffi::Global& global, const bench::Options& options) {
  const std::string argument(options.payload, 'x');
  bench::RateMeter meter{options};
  std::size_t came = 0;
  const std::size_t items = items_per_look(options);
  for (const std::string& item : daffi::Fetch<daffi::Stream<std::string>(std::string)>(global, "items")(argument)) {
    if (item.size() != argument.size()) bench::fail("the callee gave something else");
    if (++came % items == 0 && !meter.add(items)) break;
  }
  meter.report();
}

daffi::Generator<std::string> until_the_end(const bench::Options& options, bench::RateMeter& meter) {
  const std::string argument(options.payload, 'x');
  const std::size_t items = items_per_look(options);
  for (std::size_t given = 1;; ++given) {
    co_yield argument;
    if (given % items == 0 && !meter.add(items)) break;
  }
}

// What was given away is what was taken, but for a window.
void run_stream_to_callback(const daffi::Global& global, const bench::Options& options) {
  bench::RateMeter meter{options};
  daffi::Fetch<void()> take{global, "take", [&] { return until_the_end(options, meter); }};
  take();
  meter.report();
}

// One large value there and back at a time.
void run_echo(const Echo& fetcher, const bench::Options& options) {
  const std::string argument(options.payload, 'x');
  bench::RateMeter meter{options};
  do {
    if (fetcher.echo(argument).size() != argument.size()) bench::fail("the callee gave back something else");
  } while (meter.add(1));
  meter.report();
}

// Small calls, first by themselves, then while large values go there and back over the same connections.
void run_beside_bulk(const Echo& fetcher, const bench::Options& options) {
  const std::string argument(options.payload, 'x');
  const std::string large(options.outstanding << 20, 'y');
  std::atomic<bool> over{false};
  std::atomic<std::size_t> moved{0};
  std::thread bulk;
  bench::measure_beside_bulk(
      options, [&](std::uint64_t) { expect_reply(fetcher.echo(argument), argument); },
      [&] {
        bulk = std::thread([&] {
          for (; !over; moved += large.size()) expect_reply(fetcher.echo(large), large);
        });
      },
      [&] { return moved.load(); });
  over = true;
  bulk.join();
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  daffi::Global global{bench::global_options(options, "bench-caller")};
  for (std::size_t i = 1; i <= options.callees; ++i) {
    global.wait_process("bench-callee-" + std::to_string(i), std::chrono::seconds(10));
  }
  for (const char* name : {"echo", "items", "take"}) global.wait_function(name, std::chrono::seconds(10));
  const Echo fetcher{global};
  if (options.mode == "latency") {
    run_latency(fetcher, options);
  } else if (options.mode == "pipeline") {
    run_pipeline(fetcher, options);
  } else if (options.mode == "broadcast") {
    run_broadcast(fetcher, options);
  } else if (options.mode == "stream_to_fetcher") {
    run_stream_to_fetcher(global, options);
  } else if (options.mode == "stream_to_callback") {
    run_stream_to_callback(global, options);
  } else if (options.mode == "echo") {
    run_echo(fetcher, options);
  } else if (options.mode == "beside_bulk") {
    run_beside_bulk(fetcher, options);
  } else {
    bench::fail("unknown --mode " + options.mode);
  }
}
