/// @file  ChunkSender: cuts a value as credit allows, copying nothing.
#include "rpc/chunk_sender.hpp"

#include <gtest/gtest.h>

namespace daffi::rpc {
namespace {

TEST(ChunkSender, TakesAWritersMemoryOverWithoutACopy) {
  Writer writer(24);
  writer.raw(base::as_bytes(std::string(1000, 'x')));
  const std::byte* before = writer.payload().data();
  const LargeValue taken = take_over(writer);
  EXPECT_EQ(taken.whole().bytes.data(), before);
  EXPECT_EQ(taken.size, 1000u);
  EXPECT_EQ(taken.lender, nullptr);
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
    EXPECT_EQ(chunk.bytes.data(), sender.value().whole().bytes.data() + sent);
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

TEST(ChunkSender, RefersToWhatACallerHasLent) {
  const std::string large(Writer::lent_from, 'y');
  Writer writer;
  writer.array(2);
  writer.lend_text(large);
  writer.nil();
  const std::size_t size = writer.size();
  LargeValue value = take_over(writer);
  EXPECT_EQ(value.size, size);
  ASSERT_EQ(value.pieces.size(), 3u);
  EXPECT_EQ(base::as_text(value.pieces[1].bytes).data(), large.data());
  const std::weak_ptr<const void> lender = value.lender;
  EXPECT_EQ(value.lender.use_count(), 2);  // the value's own, and that of the piece

  ChunkSender sender(std::move(value));
  OutCredit credit;
  std::vector<base::Slice> chunks;
  while (!sender.done()) chunks.push_back(sender.next(credit));
  std::string together;
  for (const base::Slice& chunk : chunks) together += base::as_text(chunk.bytes);
  Writer copied;
  copied.array(2);
  copied.text(large);
  copied.nil();
  EXPECT_EQ(together, base::as_text(copied.payload()));
  chunks.clear();
  sender = ChunkSender({});
  EXPECT_TRUE(lender.expired());
}

TEST(ChunkSender, KeepsWhatHasAnOwnerByThatOwner) {
  auto large = std::make_shared<const std::string>(Writer::lent_from, 'y');
  Writer writer;
  writer.lend_text(*large, large);
  const LargeValue value = take_over(writer);
  EXPECT_EQ(value.lender, nullptr);
  EXPECT_EQ(large.use_count(), 2);
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
