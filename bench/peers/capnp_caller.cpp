/// @file  Caller over Cap'n Proto: one call at a time, a window of them, or a sink that a stream is sent to.
#include <capnp/ez-rpc.h>

#include <deque>

#include "echo.capnp.h"
#include "program.hpp"

namespace {

constexpr std::uint32_t kItemsAtOnce = 1024;

kj::ArrayPtr<const kj::byte> bytes_of(const std::string& text) {
  return {reinterpret_cast<const kj::byte*>(text.data()), text.size()};
}

auto start_call(Echo::Client& echo, const std::string& argument) {
  auto request = echo.callRequest(capnp::MessageSize{argument.size() / 8 + 16, 0});
  request.setBytes(bytes_of(argument));
  return request.send();
}

void call(Echo::Client& echo, kj::WaitScope& scope, const std::string& argument) {
  if (start_call(echo, argument).wait(scope).getBytes().size() != argument.size()) bench::fail("something else came");
}

void run_pipeline(Echo::Client& echo, kj::WaitScope& scope, const bench::Options& options,
                  const std::string& argument) {
  std::deque<decltype(start_call(echo, argument))> window;
  for (std::size_t i = 0; i < options.outstanding; ++i) window.push_back(start_call(echo, argument));
  bench::RateMeter meter{options};
  do {
    for (int i = 0; i < 64; ++i) {
      window.front().wait(scope);
      window.pop_front();
      window.push_back(start_call(echo, argument));
    }
  } while (meter.add(64));
  meter.report();
}

class CountingSink final : public Sink::Server {
  kj::Promise<void> take(TakeContext) override { return kj::READY_NOW; }
};

void run_stream(Echo::Client& echo, kj::WaitScope& scope, const bench::Options& options, const std::string& argument) {
  const std::uint32_t part = options.payload < 4096 ? kItemsAtOnce : 64;
  const auto start = [&] {
    auto request = echo.itemsRequest();
    request.setBytes(bytes_of(argument));
    request.setCount(part);
    request.setTo(kj::heap<CountingSink>());
    return request.send();
  };
  // One is on its way while the other is answered.
  auto current = start();
  bench::RateMeter meter{options};
  do {
    auto next = start();
    current.wait(scope);
    current = kj::mv(next);
  } while (meter.add(part));
  meter.report();
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  const std::string address =
      options.port ? "127.0.0.1:" + std::to_string(*options.port) : "unix:" + options.unix_path + "/capnp.sock";
  capnp::EzRpcClient client{address.c_str()};
  auto& scope = client.getWaitScope();
  Echo::Client echo = client.getMain<Echo>();
  const std::string argument(options.payload, 'x');
  if (options.mode == "latency") {
    bench::measure_latency(options, [&](std::uint64_t) { call(echo, scope, argument); });
  } else if (options.mode == "pipeline") {
    run_pipeline(echo, scope, options, argument);
  } else if (options.mode == "stream_to_fetcher") {
    run_stream(echo, scope, options, argument);
  } else if (options.mode == "echo") {
    bench::RateMeter meter{options};
    do call(echo, scope, argument);
    while (meter.add(1));
    meter.report();
  } else {
    bench::fail("unknown --mode " + options.mode);
  }
}
