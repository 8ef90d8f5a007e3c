/// @file  Property: every message that is accepted encodes back to the bytes it was read from.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <type_traits>
#include <vector>

#include "rpc/credit.hpp"
#include "wire/messages.hpp"

namespace {

using daffi::base::Bytes;
namespace wire = daffi::wire;

void expect_same(const std::vector<std::byte>& again, Bytes payload, bool may_go_on) {
  if (may_go_on ? again.size() > payload.size() : again.size() != payload.size()) std::abort();
  if (!std::ranges::equal(again, payload.first(again.size()))) std::abort();
}

template <typename M>
void check(Bytes payload) {
  const auto message = wire::decode<M>(payload);
  if (message.ok()) {
    expect_same(wire::encode(*message), payload, std::is_same_v<M, wire::Hello> || std::is_same_v<M, wire::Challenge>);
  }
}

void check_error(Bytes payload) {
  const auto error = wire::decode_error(payload);
  if (error.ok()) expect_same(wire::encode_error(error->failure), payload, false);
}

void check_returned(Bytes payload) {
  const auto returned = wire::decode_returned(payload);
  if (!returned.ok()) return;
  auto again = wire::encode_return_head(returned->code, returned->text);
  again.insert(again.end(), returned->call.begin(), returned->call.end());
  expect_same(again, payload, false);
}

void check_call(Bytes payload) {
  const auto head = wire::decode_call_head(payload);
  if (!head) return;
  std::vector<std::byte> again(wire::kCallHeadSize);
  wire::encode_call_head(*head, std::span<std::byte, wire::kCallHeadSize>(again.data(), wire::kCallHeadSize));
  expect_same(again, payload, true);
}

void check_broadcast(Bytes payload) {
  const auto broadcast = wire::decode_broadcast(payload);
  if (!broadcast.ok()) return;
  auto again = wire::encode_broadcast_head(broadcast->name);
  again.resize(again.size() + wire::kCallHeadSize);
  wire::encode_call_head(broadcast->head, std::span(again).last<wire::kCallHeadSize>());
  again.insert(again.end(), broadcast->arguments.begin(), broadcast->arguments.end());
  expect_same(again, payload, false);
}

void check_credit(Bytes payload) {
  const auto credit = daffi::rpc::decode_credit(payload);
  if (credit && !std::ranges::equal(daffi::rpc::encode_credit(*credit), payload)) std::abort();
}

}  // namespace

// The first byte is the frame's kind, the rest its payload.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes payload = std::as_bytes(std::span(data, size).subspan(1));
  switch (static_cast<wire::FrameKind>(data[0])) {
    case wire::FrameKind::hello:
      check<wire::Hello>(payload);
      break;
    case wire::FrameKind::challenge:
      check<wire::Challenge>(payload);
      break;
    case wire::FrameKind::proof:
      check<wire::Proof>(payload);
      break;
    case wire::FrameKind::welcome:
      check<wire::Welcome>(payload);
      break;
    case wire::FrameKind::close:
      check<wire::Close>(payload);
      break;
    case wire::FrameKind::register_:
      check<wire::Register>(payload);
      break;
    case wire::FrameKind::snapshot:
      check<wire::Snapshot>(payload);
      break;
    case wire::FrameKind::delta:
      check<wire::Delta>(payload);
      break;
    case wire::FrameKind::describe:
      check<wire::Describe>(payload);
      break;
    case wire::FrameKind::described:
      check<wire::Described>(payload);
      break;
    case wire::FrameKind::call:
      check_call(payload);
      break;
    case wire::FrameKind::credit:
      check_credit(payload);
      break;
    case wire::FrameKind::end:
    case wire::FrameKind::error:
      check_error(payload);
      break;
    case wire::FrameKind::bounce:
    case wire::FrameKind::refuse:
      check_returned(payload);
      break;
    case wire::FrameKind::broadcast:
      check_broadcast(payload);
      break;
    case wire::FrameKind::sent_to:
      check<wire::SentTo>(payload);
      break;
    default:
      break;
  }
  return 0;
}
