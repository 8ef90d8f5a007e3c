/// @file  Caller over gRPC's callback API: one call at a time, a window of them, or reading a stream.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <thread>

#include "echo.grpc.pb.h"
#include "program.hpp"

namespace {

using Stub = bench::Echo::Stub;

void call(Stub& stub, const bench::Data& request) {
  grpc::ClientContext context;
  bench::Data response;
  if (!stub.Call(&context, request, &response).ok() || response.bytes().size() != request.bytes().size()) {
    bench::fail("something else came back");
  }
}

/// One place of the window: when its call has ended it begins the next.
class Slot {
 public:
  Slot(Stub& stub, const bench::Data& request, std::atomic<std::size_t>& ended)
      : stub_(stub), request_(request), ended_(ended) {}
  void start() {
    context_ = std::make_unique<grpc::ClientContext>();
    stub_.async()->Call(context_.get(), &request_, &response_, [this](const grpc::Status& status) {
      if (!status.ok()) bench::fail(status.error_message());
      ended_.fetch_add(1, std::memory_order_relaxed);
      start();
    });
  }

 private:
  Stub& stub_;
  const bench::Data& request_;
  std::atomic<std::size_t>& ended_;
  std::unique_ptr<grpc::ClientContext> context_;
  bench::Data response_;
};

/// Counts what comes by looking now and then at a counter that the library's threads move.
void report_counter(const bench::Options& options, const std::atomic<std::size_t>& counter) {
  std::this_thread::sleep_for(options.warm_up);
  const auto begin = bench::SteadyClock::now();
  const std::size_t before = counter;
  std::this_thread::sleep_for(options.seconds);
  const std::size_t count = counter - before;
  const std::chrono::duration<double> seconds = bench::SteadyClock::now() - begin;
  std::printf("{\"calls\": %zu, \"rate\": %.1f}\n", count, static_cast<double>(count) / seconds.count());
  std::fflush(stdout);
  std::_Exit(0);  // what is under way has nobody left to answer to
}

void run_pipeline(Stub& stub, const bench::Options& options, const bench::Data& request) {
  std::atomic<std::size_t> ended{0};
  std::vector<std::unique_ptr<Slot>> window;
  for (std::size_t i = 0; i < options.outstanding; ++i) window.push_back(std::make_unique<Slot>(stub, request, ended));
  for (const auto& slot : window) slot->start();
  report_counter(options, ended);
}

class Reader final : public grpc::ClientReadReactor<bench::Data> {
 public:
  Reader(Stub& stub, const bench::Data& request) {
    stub.async()->Items(&context_, &request, this);
    StartRead(&item_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    came.fetch_add(1, std::memory_order_relaxed);
    StartRead(&item_);
  }
  std::atomic<std::size_t> came{0};

 private:
  grpc::ClientContext context_;
  bench::Data item_;
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  const std::string address =
      options.port ? "127.0.0.1:" + std::to_string(*options.port) : "unix:" + options.unix_path + "/grpc.sock";
  Stub stub{grpc::CreateChannel(address, grpc::InsecureChannelCredentials())};
  bench::Data request;
  request.set_bytes(std::string(options.payload, 'x'));
  if (options.mode == "latency") {
    bench::measure_latency(options, [&](std::uint64_t) { call(stub, request); });
  } else if (options.mode == "pipeline") {
    run_pipeline(stub, options, request);
  } else if (options.mode == "stream_to_fetcher") {
    const Reader reader{stub, request};
    report_counter(options, reader.came);
  } else if (options.mode == "echo") {
    bench::RateMeter meter{options};
    do call(stub, request);
    while (meter.add(1));
    meter.report();
  } else {
    bench::fail("unknown --mode " + options.mode);
  }
}
