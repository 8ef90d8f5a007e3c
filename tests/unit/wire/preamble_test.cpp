/// @file  Tests of telling protocols apart.
#include "wire/preamble.hpp"

#include <gtest/gtest.h>

#include <string>

namespace daffi::wire {
namespace {

using base::as_bytes;
using namespace std::string_view_literals;

TEST(Preamble, GarbageIsUnknownAtOnce) {
  EXPECT_EQ(classify(as_bytes("\0"sv)), Protocol::unknown);
  EXPECT_EQ(classify(as_bytes("SSH-2.0")), Protocol::unknown);
  EXPECT_EQ(classify(as_bytes("DAFFY")), Protocol::unknown);
  EXPECT_EQ(classify(as_bytes("\x16\x02")), Protocol::unknown);
  EXPECT_EQ(classify(as_bytes("GET/")), Protocol::unknown);
}

TEST(Preamble, MagicWithReservedBitsOrNoVersionIsUnknown) {
  EXPECT_EQ(classify(as_bytes("DAFFI\1\0\1"sv)), Protocol::unknown);
  EXPECT_EQ(classify(as_bytes("DAFFI\0\0\0"sv)), Protocol::unknown);
}

TEST(Preamble, OtherMajorVersionIsStillNative) {
  const auto bytes = encode_preamble(9);
  EXPECT_EQ(classify(bytes), Protocol::native);
  EXPECT_EQ(decode_preamble(bytes), 9);
}

TEST(Preamble, EveryPrefixNeedsMore) {
  const auto native = encode_preamble();
  for (std::size_t n = 0; n < native.size(); ++n)
    EXPECT_EQ(classify(base::Bytes(native).first(n)), Protocol::need_more);
  EXPECT_EQ(classify(native), Protocol::native);
  for (const std::string_view text : {"\x16\x03"sv, "GET "sv, "OPTIONS "sv, "DELETE "sv, "PATCH "sv}) {
    for (std::size_t n = 1; n < text.size(); ++n) EXPECT_EQ(classify(as_bytes(text.substr(0, n))), Protocol::need_more);
  }
}

TEST(Preamble, TlsAndHttpAreTold) {
  EXPECT_EQ(classify(as_bytes("\x16\x03\x01\x02\x00\x01\x00\x01"sv)), Protocol::tls);
  EXPECT_EQ(classify(as_bytes("GET / HTTP/1.1\r\n")), Protocol::http);
  EXPECT_EQ(classify(as_bytes("DELETE / HTTP/1.1\r\n")), Protocol::http);
}

}  // namespace
}  // namespace daffi::wire
