/// @file  Tests of the control messages: what is broken is refused, what is sound comes back as it was.
#include "wire/messages.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "unit/wire/samples.hpp"

namespace daffi::wire {
namespace {

template <typename M>
constexpr bool kGrows = std::is_same_v<M, Hello> || std::is_same_v<M, Challenge>;

TEST(Messages, CutAnywhereTheyAreRefused) {
  samples::for_each([]<typename M>(const M& message) {
    const auto bytes = encode(message);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const auto decoded = decode<M>(base::Bytes(bytes).first(n));
      ASSERT_FALSE(decoded.ok()) << to_string(M::kKind) << " cut at " << n;
      ASSERT_EQ(decoded.failure().code, ErrorCode::protocol);
    }
  });
}

TEST(Messages, BytesBehindTheEndAreRefusedExceptWhereLaterVersionsMayAppend) {
  samples::for_each([]<typename M>(const M& message) {
    auto bytes = encode(message);
    bytes.push_back(std::byte{0});
    const auto decoded = decode<M>(bytes);
    EXPECT_EQ(decoded.ok(), kGrows<M>) << to_string(M::kKind);
    if (decoded.ok()) {
      EXPECT_EQ(*decoded, message);
    }
  });
}

TEST(Messages, ComeBackAsTheyWere) {
  samples::for_each([]<typename M>(const M& message) {
    const auto decoded = decode<M>(encode(message));
    ASSERT_TRUE(decoded.ok()) << to_string(M::kKind) << ": " << decoded.failure().message;
    EXPECT_EQ(*decoded, message) << to_string(M::kKind);
  });
}

TEST(Messages, WhateverIsAcceptedEncodesBackToItself) {
  std::mt19937 random(1);
  samples::for_each([&]<typename M>(const M& message) {
    const auto sound = encode(message);
    for (int round = 0; round < 2000; ++round) {
      auto bytes = sound;
      const std::size_t flips = 1 + random() % 4;
      for (std::size_t i = 0; i < flips; ++i) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      const auto decoded = decode<M>(bytes);
      if (!decoded.ok()) continue;
      auto again = encode(*decoded);
      if (kGrows<M>) bytes.resize(again.size());
      ASSERT_EQ(again, bytes) << to_string(M::kKind);
    }
  });
}

TEST(Messages, CountAloneAllocatesNothing) {
  std::vector<std::byte> bytes(16, std::byte{0});
  bytes.push_back(std::byte{0xFF});
  bytes.push_back(std::byte{0x3F});
  const auto snapshot = decode<Snapshot>(bytes);
  ASSERT_FALSE(snapshot.ok());
  const auto describe = decode<Describe>(std::vector{std::byte{9}, std::byte{0}});
  ASSERT_FALSE(describe.ok());
  EXPECT_EQ(describe.failure().message, "bad describe: a list is too long");
}

TEST(Messages, TextThatIsNotUtf8IsRefused) {
  for (const std::string text : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\x80"}) {
    std::vector<std::byte> bytes{std::byte{1}, std::byte{0}, static_cast<std::byte>(text.size()), std::byte{0}};
    for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
    EXPECT_FALSE(decode<Close>(bytes).ok());
  }
}

TEST(Messages, TooLongTextIsCutAtACharacterByItsSender) {
  std::string text(kMaxCloseText - 1, 'x');
  text += "\u00e9\u00e9";
  const auto decoded = decode<Close>(encode(Close{base::CloseReason::goodbye, text}));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->text, std::string(kMaxCloseText - 1, 'x'));
}

TEST(Messages, UnknownCloseReasonIsKept) {
  const auto decoded = decode<Close>(encode(Close{static_cast<base::CloseReason>(999), "from the future"}));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->text, "from the future");
  EXPECT_EQ(base::close_reason_row(decoded->reason).reason, base::CloseReason::protocol_error);
}

TEST(Messages, EqualDescriptorsHaveEqualKeys) {
  EXPECT_EQ(encode(samples::descriptor()), encode(samples::descriptor()));
  Descriptor other = samples::descriptor();
  other.parameters[0].type = "str";
  EXPECT_NE(encode(other), encode(samples::descriptor()));
}

TEST(Messages, AppendedMessageIsOneFrame) {
  OutQueue queue;
  append_message(queue, {.epoch = 4, .member = 5, .id = 6}, samples::goodbye());
  std::array<iovec, 1> pieces;
  ASSERT_EQ(queue.gather(pieces), 1u);
  const base::Bytes bytes(static_cast<const std::byte*>(pieces[0].iov_base), pieces[0].iov_len);
  const Header header = decode_header(bytes.first<kHeaderSize>());
  EXPECT_EQ(header, (Header{.size = static_cast<std::uint32_t>(bytes.size() - kHeaderSize),
                            .kind = FrameKind::close,
                            .epoch = 4,
                            .member = 5,
                            .id = 6}));
  EXPECT_EQ(*decode<Close>(bytes.subspan(kHeaderSize)), samples::goodbye());
}

}  // namespace
}  // namespace daffi::wire
