/// @file  Property: what a node's directory makes of a controller's messages is the same the second time, and what it
/// shows holds together.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "node/directory.hpp"
#include "node/node.hpp"
#include "wire/messages.hpp"

namespace {

using namespace daffi;
using base::Bytes;

struct Outcome {
  std::vector<int> taken;
  std::vector<std::string> shown;
  bool operator==(const Outcome&) const = default;
};

// Pieces of a u16 length, a byte that tells a snapshot ('s') from a delta, and so many bytes of message.
Outcome apply(Bytes stream) {
  node::Directory directory("own");
  directory.set_own(1, 7);
  Outcome outcome;
  const base::SteadyTime now{std::chrono::hours(1)};
  while (stream.size() > 3) {
    const std::size_t length = std::to_integer<std::size_t>(stream[0]) | (std::to_integer<std::size_t>(stream[1]) << 8);
    const bool snapshot = stream[2] == std::byte{'s'};
    const Bytes message = stream.subspan(3, std::min(length, stream.size() - 3));
    stream = stream.subspan(3 + message.size());
    const auto note = [&](const auto& decoded) {
      if (!decoded.ok()) return outcome.taken.push_back(-2);
      const auto taken = directory.apply(*decoded, now);
      outcome.taken.push_back(taken.ok() ? static_cast<int>(*taken) : -1);
    };
    snapshot ? note(wire::decode<wire::Snapshot>(message)) : note(wire::decode<wire::Delta>(message));
    if (outcome.taken.back() == -1) break;  // the connection would end here
  }
  for (const auto& member : directory.members()) {
    outcome.shown.push_back(member.process_name + "/" + std::to_string(member.callbacks.size()));
    for (const auto& callback : member.callbacks) {
      (void)directory.is_closed(callback.name);
      if (member.process_name != "own" && !directory.find_at(member.process_name, callback.name) &&
          directory.member(member.process_name) && directory.members().size() == 1) {
        std::abort();
      }
    }
  }
  (void)directory.registered_callbacks();
  (void)directory.unknown_callback_text("f");
  (void)directory.take_losses();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes stream = std::as_bytes(std::span(data, size));
  if (apply(stream) != apply(stream)) std::abort();
  return 0;
}
