/// @file  Properties: nobody is let in, or believed, without the token; who is welcomed has a number and an epoch.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "session/handshake.hpp"
#include "session/registration.hpp"
#include "session/server_handshake.hpp"
#include "wire/parser.hpp"

namespace {

using namespace daffi;
using base::Bytes;

const session::Secrets secrets{.token = "not in any input", .roles = {{"operator", "nor is this one"}}};

// Gives all of it to the reader, as far as it takes it, and calls `take` for each frame until that returns false.
template <typename Begin, typename Take>
void feed(Bytes stream, Begin begin, Take take) {
  wire::FrameReader reader(session::kMaxHandshakePayload);
  bool begun = false;
  while (!stream.empty()) {
    const auto space = reader.space();
    const std::size_t part = std::min(space.size(), stream.size());
    std::ranges::copy(stream.first(part), space.begin());
    reader.filled(part);
    stream = stream.subspan(part);
    if (!begun && !(begun = begin(reader))) continue;
    for (;;) {
      const auto frame = reader.next();
      if (!frame.ok()) return;
      if (!frame->has_value()) break;
      if (!take(**frame)) return;
    }
  }
}

net::PeerInfo somewhere() {
  net::PeerInfo peer;
  peer.address = "10.0.0.1:1";
  return peer;
}

// What a controller makes of it; true: it let the peer in.
bool serve(Bytes stream, const session::AdmissionRules& rules) {
  session::ServerHandshake handshake(rules, somewhere());
  wire::OutQueue out;
  bool failed = false, in = false;
  feed(
      stream,
      [&](wire::FrameReader& reader) {
        const auto taken = handshake.on_preamble(reader);
        failed = failed || !taken.ok();
        return taken.ok() && *taken;
      },
      [&](const wire::Frame& frame) {
        if (failed) return false;
        const auto taken = handshake.on_frame(frame, out);
        failed = !taken.ok();
        in = taken.ok() && *taken;
        return !failed && !in;
      });
  if (in && !handshake.identified()) std::abort();
  if (in && rules.max_callbacks < handshake.registrations().added.size()) std::abort();
  return in;
}

// What a node makes of it; true: it believed the peer to be its controller.
bool call(Bytes stream, const session::Secrets& own, std::size_t& said) {
  session::ClientHandshake handshake({.process_name = "node"}, own, somewhere(), [] { return wire::Register(); });
  wire::OutQueue out;
  handshake.start(out);
  const std::size_t hello = out.bytes();
  bool welcome = false;
  feed(
      stream, [](wire::FrameReader&) { return true; },
      [&](const wire::Frame& frame) {
        const auto taken = handshake.on_frame(frame, out);
        welcome = taken.ok() && *taken;
        return taken.ok() && !welcome;
      });
  said = out.bytes() - hello;
  if (welcome && (handshake.welcome().member_id == 0 || handshake.welcome().epoch == 0)) std::abort();
  return welcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes stream = std::as_bytes(std::span(data, size));
  std::size_t said = 0;
  if (serve(stream, {.secrets = secrets, .require_proof = true})) std::abort();
  (void)serve(stream, {.max_callbacks = 4});
  if (call(stream, secrets, said) || said > 0) std::abort();
  (void)call(stream, {}, said);
  return 0;
}
