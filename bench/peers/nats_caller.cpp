/// @file  Caller over NATS' C client: requests one by one or a window of them, and a stream that is asked for in parts.
#include "nats_common.hpp"

namespace {

constexpr std::int64_t kPatience = 5000;  // milliseconds

void request(natsConnection* connection, const std::string& argument) {
  natsMsg* reply = nullptr;
  bench::check(
      natsConnection_Request(&reply, connection, "echo", argument.data(), static_cast<int>(argument.size()), kPatience),
      "request");
  if (natsMsg_GetDataLength(reply) != static_cast<int>(argument.size())) bench::fail("something else came back");
  natsMsg_Destroy(reply);
}

/// Sends to `subject` with an inbox of our own to answer to; each `take()` waits for one answer.
class Inbox {
 public:
  explicit Inbox(natsConnection* connection) : connection_(connection) {
    bench::check(natsInbox_Create(&inbox_), "inbox");
    bench::check(natsConnection_SubscribeSync(&subscription_, connection, inbox_), "subscribe");
    bench::check(natsSubscription_SetPendingLimits(subscription_, -1, -1), "limits");
  }
  void send(const char* subject, const std::string& argument) {
    bench::check(
        natsConnection_PublishRequest(connection_, subject, inbox_, argument.data(), static_cast<int>(argument.size())),
        "publish");
  }
  void take() {
    natsMsg* message = nullptr;
    bench::check(natsSubscription_NextMsg(&message, subscription_, kPatience), "next");
    natsMsg_Destroy(message);
  }

 private:
  natsConnection* connection_;
  natsInbox* inbox_ = nullptr;
  natsSubscription* subscription_ = nullptr;
};

void run_pipeline(natsConnection* connection, const bench::Options& options) {
  const std::string argument(options.payload, 'x');
  Inbox inbox{connection};
  for (std::size_t i = 0; i < options.outstanding; ++i) inbox.send("echo", argument);
  bench::RateMeter meter{options};
  do {
    for (int i = 0; i < 64; ++i) {
      inbox.take();
      inbox.send("echo", argument);
    }
  } while (meter.add(64));
  meter.report();
}

void run_stream(natsConnection* connection, const bench::Options& options) {
  const std::string argument(options.payload, 'x');
  const std::size_t part = bench::items_per_more(options);
  Inbox inbox{connection};
  for (std::size_t i = 0; i < bench::kMoresUnderWay; ++i) inbox.send("more", argument);
  bench::RateMeter meter{options};
  do {
    for (std::size_t i = 0; i < part; ++i) inbox.take();
    inbox.send("more", argument);
  } while (meter.add(part));
  meter.report();
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  natsConnection* connection = bench::connect_nats(options);
  const std::string argument(options.payload, 'x');
  if (options.mode == "latency") {
    bench::measure_latency(options, [&](std::uint64_t) { request(connection, argument); });
  } else if (options.mode == "pipeline") {
    run_pipeline(connection, options);
  } else if (options.mode == "stream_to_fetcher") {
    run_stream(connection, options);
  } else if (options.mode == "echo") {
    bench::RateMeter meter{options};
    do request(connection, argument);
    while (meter.add(1));
    meter.report();
  } else {
    bench::fail("unknown --mode " + options.mode);
  }
}
