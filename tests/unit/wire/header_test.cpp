/// @file  Tests of the frame header, byte by byte.
#include "wire/header.hpp"

#include <gtest/gtest.h>

#include <array>

namespace daffi::wire {
namespace {

TEST(Header, IsLittleEndianAtFixedPlaces) {
  std::array<std::byte, kHeaderSize> bytes;
  encode_header({.size = 0x04030201,
                 .kind = FrameKind::call,
                 .flags = 0x80,
                 .epoch = 0x08070605,
                 .member = 0x0C0B0A09,
                 .id = 0x1413121110FF0E0D},
                bytes);
  const std::array<unsigned char, kHeaderSize> expected{1, 2,  3,  4,  16, 0x80, 0,    0,    5,    6,    7,    8,
                                                        9, 10, 11, 12, 13, 14,   0xFF, 0x10, 0x11, 0x12, 0x13, 0x14};
  for (std::size_t i = 0; i < kHeaderSize; ++i) EXPECT_EQ(std::to_integer<unsigned>(bytes[i]), expected[i]) << i;
}

TEST(Header, KindsOfTheTableAreKnownAndOthersAreNot) {
  EXPECT_TRUE(is_known(FrameKind::hello));
  EXPECT_TRUE(is_known(FrameKind::refuse));
  EXPECT_FALSE(is_known(static_cast<FrameKind>(0)));
  EXPECT_FALSE(is_known(static_cast<FrameKind>(14)));
  EXPECT_EQ(to_string(static_cast<FrameKind>(14)), "unknown");
  EXPECT_EQ(to_string(FrameKind::register_), "register");
  EXPECT_EQ(direction_of(FrameKind::call), Direction::end);
}

}  // namespace
}  // namespace daffi::wire
