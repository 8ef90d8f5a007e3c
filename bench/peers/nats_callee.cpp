/// @file  Callee over NATS' C client: gives back what it is given; sends as many items as it is asked for.
#include "nats_common.hpp"

namespace {

void on_echo(natsConnection* connection, natsSubscription*, natsMsg* message, void*) {
  natsConnection_Publish(connection, natsMsg_GetReply(message), natsMsg_GetData(message),
                         natsMsg_GetDataLength(message));
  natsMsg_Destroy(message);
}

void on_more(natsConnection* connection, natsSubscription*, natsMsg* message, void*) {
  const std::string item(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)));
  bench::Options options;
  options.payload = item.size();
  for (std::size_t i = 0; i < bench::items_per_more(options); ++i) {
    natsConnection_Publish(connection, natsMsg_GetReply(message), item.data(), static_cast<int>(item.size()));
  }
  natsMsg_Destroy(message);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options = bench::parse_options(argc, argv);
  natsConnection* connection = bench::connect_nats(options);
  natsSubscription *echo = nullptr, *more = nullptr;
  bench::check(natsConnection_Subscribe(&echo, connection, "echo", on_echo, nullptr), "subscribe");
  bench::check(natsConnection_Subscribe(&more, connection, "more", on_more, nullptr), "subscribe");
  bench::check(natsConnection_Flush(connection), "flush");
  bench::report_ready(0);
  for (;;) nats_Sleep(1000);
}
