/// @file  Tests of call heads, errors and returned calls.
#include "wire/call_messages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "wire/messages.hpp"

namespace daffi::wire {
namespace {

using base::as_bytes;

TEST(CallHead, ShortOrReservedBitsSetIsNone) {
  std::array<std::byte, kCallHeadSize> bytes{};
  EXPECT_FALSE(decode_call_head(base::Bytes(bytes).first(15)));
  encode_call_head({.callback_id = 1, .zero = 1}, bytes);
  EXPECT_FALSE(decode_call_head(bytes));
}

TEST(CallHead, ComesBackAsItWas) {
  std::array<std::byte, kCallHeadSize> bytes;
  const CallHead head{.callback_id = 1, .remaining_ms = 2, .flags = CallHead::kNoReply};
  encode_call_head(head, bytes);
  EXPECT_EQ(decode_call_head(bytes), head);
}

TEST(ErrorMessage, CutAnywhereIsRefused) {
  const RemoteException raised{"ValueError", "no", "trace", "python", "shop"};
  const auto bytes = encode_error({ErrorCode::remote_error, "failed", std::make_shared<RemoteException>(raised)});
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(decode_error(base::Bytes(bytes).first(n)).ok()) << n;
  auto longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(decode_error(longer).ok());
}

TEST(ErrorMessage, ComesBackWithTheCallbacksOwnAccount) {
  const RemoteException raised{"ValueError", "no", "trace", "python", "shop"};
  const auto error =
      decode_error(encode_error({ErrorCode::remote_error, "failed", std::make_shared<RemoteException>(raised)}));
  ASSERT_TRUE(error.ok());
  EXPECT_EQ(error->failure.code, ErrorCode::remote_error);
  EXPECT_EQ(error->failure.message, "failed");
  ASSERT_NE(error->failure.remote, nullptr);
  EXPECT_EQ(*error->failure.remote, raised);
  EXPECT_EQ(decode_error(encode_error(base::fail(ErrorCode::busy, "full")))->failure.remote, nullptr);
}

TEST(ErrorMessage, WhatALanguageKeepsOfItsExceptionArrivesUnlessItIsTooLong) {
  RemoteException raised{"ValueError", "no", "trace", "python", "shop", std::string("\0\xff", 2)};
  const auto sent = [&] {
    return decode_error(encode_error({ErrorCode::remote_error, "failed", std::make_shared<RemoteException>(raised)}));
  };
  ASSERT_TRUE(sent().ok());
  EXPECT_EQ(*sent()->failure.remote, raised);
  raised.data.assign(kMaxErrorData + 1, 'x');
  ASSERT_TRUE(sent().ok());
  EXPECT_EQ(sent()->failure.remote->data, "");
}

TEST(ErrorMessage, AnUnknownKindOfAccountIsRefused) {
  auto bytes = encode_error(base::fail(ErrorCode::busy, "full"));
  bytes.back() = std::byte{3};
  EXPECT_FALSE(decode_error(bytes).ok());
}

TEST(ErrorMessage, AnAccountThatSaysItHasDataHasSome) {
  RemoteException raised;
  raised.data = "x";
  auto bytes = encode_error({ErrorCode::remote_error, "", std::make_shared<RemoteException>(raised)});
  EXPECT_TRUE(decode_error(bytes).ok());
  bytes.pop_back();
  EXPECT_FALSE(decode_error(bytes).ok());
}

TEST(ErrorMessage, ExceptionTextThatIsNotUtf8StillArrives) {
  const auto error = decode_error(encode_error(base::fail(ErrorCode::remote_error, "caf\xe9 \xe2\x82\xac")));
  ASSERT_TRUE(error.ok());
  EXPECT_EQ(error->failure.message, "caf? \xe2\x82\xac");
}

TEST(ErrorMessage, OfALongTraceTheEndIsKept) {
  RemoteException raised;
  raised.trace = std::string(100'000, 'a') + "the end";
  const auto error =
      decode_error(encode_error({ErrorCode::remote_error, "", std::make_shared<RemoteException>(raised)}));
  ASSERT_TRUE(error.ok());
  EXPECT_EQ(error->failure.remote->trace.size(), kMaxErrorTrace);
  EXPECT_TRUE(error->failure.remote->trace.ends_with("the end"));
}

TEST(ReturnedCall, CutInItsHeadIsRefused) {
  const auto head = encode_return_head(ErrorCode::busy, "full");
  for (std::size_t n = 0; n < head.size(); ++n) EXPECT_FALSE(decode_returned(base::Bytes(head).first(n)).ok());
}

TEST(ReturnedCall, EnclosesTheCallUnchanged) {
  OutQueue queue;
  const base::Slice call = base::Slice::copy(as_bytes("call head and arguments"));
  append_returned(queue, {.kind = FrameKind::bounce, .id = 5}, ErrorCode::draining, "stopping", call);
  std::array<iovec, 1> pieces;
  ASSERT_EQ(queue.gather(pieces), 1u);
  const base::Bytes bytes(static_cast<const std::byte*>(pieces[0].iov_base), pieces[0].iov_len);
  EXPECT_EQ(decode_header(bytes.first<kHeaderSize>()).size, bytes.size() - kHeaderSize);
  const auto returned = decode_returned(bytes.subspan(kHeaderSize));
  ASSERT_TRUE(returned.ok());
  EXPECT_EQ(returned->code, ErrorCode::draining);
  EXPECT_EQ(returned->text, "stopping");
  EXPECT_EQ(base::as_text(returned->call), "call head and arguments");
}

TEST(ReturnedCall, LargestCallStillFitsIntoAFrame) {
  const auto head = encode_return_head(ErrorCode::busy, std::string(10'000, 'x'));
  EXPECT_LE(head.size() + kMaxCallPayload, kMaxFramePayload);
}

}  // namespace
}  // namespace daffi::wire
