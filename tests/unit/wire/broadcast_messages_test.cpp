/// @file  Tests of broadcast frames: what a node may not send is refused, before anybody looks for a callback.
#include "wire/broadcast_messages.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "wire/limits.hpp"

namespace daffi::wire {
namespace {

std::vector<std::byte> broadcast(std::string_view name, const CallHead& head, std::string_view arguments) {
  auto bytes = encode_broadcast_head(name);
  bytes.resize(bytes.size() + kCallHeadSize);
  encode_call_head(head, std::span(bytes).last<kCallHeadSize>());
  const auto rest = base::as_bytes(arguments);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

TEST(BroadcastMessage, CutBeforeItsArgumentsIsRefused) {
  const auto bytes = broadcast("menu", {}, "");
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(decode_broadcast(base::Bytes(bytes).first(n)).ok()) << n;
  }
  EXPECT_TRUE(decode_broadcast(bytes).ok());
}

TEST(BroadcastMessage, NamesNoCallbackId) {
  EXPECT_FALSE(decode_broadcast(broadcast("menu", {.callback_id = 7}, "")).ok());
  EXPECT_FALSE(decode_broadcast(broadcast("menu", {.zero = 1}, "")).ok());
}

TEST(BroadcastMessage, ANameIsUtf8AndNotTooLong) {
  const std::string longest(kMaxCallbackName, 'n');
  EXPECT_TRUE(decode_broadcast(broadcast(longest, {}, "")).ok());
  auto bytes = broadcast(longest, {}, "");
  bytes[0] = static_cast<std::byte>((kMaxCallbackName + 1) & 0xFF);
  EXPECT_FALSE(decode_broadcast(bytes).ok());
  bytes = broadcast("menu", {}, "");
  bytes[2] = std::byte{0xFF};
  EXPECT_FALSE(decode_broadcast(bytes).ok());
}

TEST(BroadcastMessage, ItsCallMustFitIntoACall) {
  EXPECT_TRUE(decode_broadcast(broadcast("menu", {}, std::string(kMaxCallPayload - kCallHeadSize, 'x'))).ok());
  EXPECT_FALSE(decode_broadcast(broadcast("menu", {}, std::string(kMaxCallPayload - kCallHeadSize + 1, 'x'))).ok());
}

TEST(BroadcastMessage, ComesBackAsItWas) {
  const CallHead head{.callback_id = 0, .remaining_ms = 12, .flags = CallHead::kNoReply};
  const auto bytes = broadcast("men\u00fc", head, "arguments");
  const auto read = decode_broadcast(bytes);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->name, "men\u00fc");
  EXPECT_EQ(read->head, head);
  EXPECT_EQ(base::as_text(read->arguments), "arguments");
}

}  // namespace
}  // namespace daffi::wire
