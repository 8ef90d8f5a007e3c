/// @file  Tests of base/large_memory.hpp.
#include "base/large_memory.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/recycled.hpp"

namespace daffi::base {
namespace {

struct Taken {
  explicit Taken(std::size_t wanted) : size(wanted), memory(take_memory(size)) {}
  ~Taken() {
    if (memory != nullptr) give_memory(memory, size);
  }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
  void give() { give_memory(std::exchange(memory, nullptr), size); }

  std::size_t size;
  std::byte* memory;
};

// Of others in this process there may be some.
void empty() {
  std::vector<std::unique_ptr<Taken>> all;
  while (kept_memory() != 0) all.push_back(std::make_unique<Taken>(kLargeMemory << (all.size() % 9)));
  for (auto& each : all) delete[] std::exchange(each->memory, nullptr);
}

TEST(LargeMemory, WhatWasGivenBackIsTakenAgain) {
  if (DAFFI_ADDRESS_SANITIZER) GTEST_SKIP() << "nothing is kept, so that the sanitizer sees it go";
  empty();
  Taken first(1'000'000);
  EXPECT_GE(first.size, 1'000'000u);
  std::byte* const memory = first.memory;
  const std::size_t size = first.size;
  first.give();
  EXPECT_EQ(kept_memory(), size);
  const Taken second(900'000);
  EXPECT_EQ(second.memory, memory);
  EXPECT_EQ(second.size, size);
  EXPECT_EQ(kept_memory(), 0u);
}

TEST(LargeMemory, AMuchSmallerValueDoesNotHoldIt) {
  if (DAFFI_ADDRESS_SANITIZER) GTEST_SKIP();
  empty();
  Taken(1'000'000).give();
  const std::size_t kept = kept_memory();
  const Taken small(100'000);
  EXPECT_EQ(kept_memory(), kept);
}

TEST(LargeMemory, SmallAndVeryLargeMemoryIsNotKept) {
  empty();
  Taken(kLargeMemory - 1).give();
  Taken(kMostLargeMemory + 1).give();
  EXPECT_EQ(kept_memory(), 0u);
}

TEST(LargeMemory, NoMoreThanTheLimitIsKept) {
  empty();
  std::vector<std::unique_ptr<Taken>> all;
  for (int i = 0; i < 40; ++i) all.push_back(std::make_unique<Taken>(1'000'000));
  all.clear();
  EXPECT_LE(kept_memory(), kMostLargeMemory);
}

}  // namespace
}  // namespace daffi::base
