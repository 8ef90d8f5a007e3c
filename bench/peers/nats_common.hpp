/// @file  What caller and callee over NATS' C client share.
#pragma once

#include <nats/nats.h>

#include <string>

#include "program.hpp"

namespace bench {

inline void check(natsStatus status, const char* what) {
  if (status != NATS_OK) fail(std::string{what} + ": " + natsStatus_GetText(status));
}

/// Buffered by a thread of the library, which is meant for throughput; its documentation has SendAsap for whoever waits
/// for each answer.
inline natsConnection* connect_nats(const Options& options) {
  natsOptions* nats = nullptr;
  natsConnection* connection = nullptr;
  check(natsOptions_Create(&nats), "natsOptions_Create");
  check(natsOptions_SetURL(nats, ("nats://127.0.0.1:" + std::to_string(*options.port)).c_str()), "SetURL");
  if (options.mode == "latency" || options.mode == "echo") check(natsOptions_SetSendAsap(nats, true), "SetSendAsap");
  check(natsConnection_Connect(&connection, nats), "natsConnection_Connect");
  natsOptions_Destroy(nats);
  return connection;
}

/// How many items one "more" asks for, and how many of those are under way: a stream with credit, which NATS has not.
inline std::size_t items_per_more(const Options& options) { return options.payload < 4096 ? 4096 : 16; }
inline constexpr std::size_t kMoresUnderWay = 4;

}  // namespace bench
