/// @file  ChunkSender: cuts a value as credit allows, copying nothing.
#include "rpc/chunk_sender.hpp"

#include <gtest/gtest.h>

namespace daffi::rpc {
namespace {

TEST(ChunkSender, TakesAWritersMemoryOverWithoutACopy) {
  Writer writer(24);
  writer.raw(base::as_bytes(std::string(1000, 'x')));
  const std::byte* before = writer.payload().data();
  const base::Slice taken = take_over(writer);
  EXPECT_EQ(taken.bytes.data(), before);
  EXPECT_EQ(taken.bytes.size(), 1000u);
  EXPECT_EQ(writer.size(), 0u);
}

TEST(ChunkSender, SendsNoMoreThanCreditAllows) {
  Writer writer;
  writer.extend(1'000'000);
  ChunkSender sender(take_over(writer));
  OutCredit credit;
  std::size_t sent = 0;
  for (auto chunk = sender.next(credit); !chunk.bytes.empty(); chunk = sender.next(credit)) {
    EXPECT_LE(chunk.bytes.size(), wire::kMaxChunk);
    EXPECT_EQ(chunk.bytes.data(), sender.value().bytes.data() + sent);
    sent += chunk.bytes.size();
  }
  EXPECT_EQ(sent, wire::kInitialCreditBytes);
  EXPECT_FALSE(sender.done());
  EXPECT_EQ(credit.add({1'000'000, 0}), OutCredit::Added::wake);
  for (auto chunk = sender.next(credit); !chunk.bytes.empty(); chunk = sender.next(credit)) sent += chunk.bytes.size();
  EXPECT_EQ(sent, 1'000'000u);
  EXPECT_TRUE(sender.done());
  EXPECT_EQ(credit.available().bytes, 1'000'000u + wire::kInitialCreditBytes - 1'000'000u);
}

TEST(ChunkSender, ChunksKeepTheValueAlive) {
  Writer writer;
  writer.extend(100'000);
  OutCredit credit;
  base::Slice chunk;
  {
    ChunkSender sender(take_over(writer));
    chunk = sender.next(credit);
    EXPECT_EQ(chunk.owner.use_count(), 2);
  }
  EXPECT_EQ(chunk.owner.use_count(), 1);
}

}  // namespace
}  // namespace daffi::rpc
