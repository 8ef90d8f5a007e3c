/// @file  AtomicShared among threads that copy it and threads that replace it.
#include "base/atomic_shared.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace daffi::base {
namespace {

TEST(AtomicShared, IsEmptyAtFirst) {
  const AtomicShared<int> shared;
  EXPECT_EQ(shared.load(), nullptr);
}

TEST(AtomicShared, GivesBackWhatItReplaces) {
  AtomicShared<int> shared;
  const auto first = std::make_shared<int>(1);
  EXPECT_EQ(shared.exchange(first), nullptr);
  EXPECT_EQ(shared.load(), first);
  EXPECT_EQ(shared.exchange(nullptr), first);
  EXPECT_EQ(shared.load(), nullptr);
  EXPECT_EQ(first.use_count(), 1);
}

TEST(AtomicShared, MayBeReadByTheDestructorOfWhatItHeld) {
  struct Reader {
    ~Reader() { *seen = shared->load() == nullptr; }
    AtomicShared<Reader>* shared;
    bool* seen;
  };
  AtomicShared<Reader> shared;
  bool seen_empty = false;
  shared.store(std::make_shared<Reader>(&shared, &seen_empty));
  shared.store(nullptr);
  EXPECT_TRUE(seen_empty);
}

// The thread sanitizer judges the order, the counts judge that nothing is copied half.
TEST(AtomicShared, CopiesAreWholeWhileOthersReplaceIt) {
  AtomicShared<const std::vector<int>> shared;
  shared.store(std::make_shared<std::vector<int>>(8, 0));
  {
    std::vector<std::jthread> threads;
    for (int writer = 1; writer <= 2; ++writer) {
      threads.emplace_back([&, writer] {
        for (int i = 0; i < 2000; ++i) shared.store(std::make_shared<std::vector<int>>(8, writer * 10'000 + i));
      });
    }
    for (int reader = 0; reader < 2; ++reader) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) {
          const auto copy = shared.load();
          ASSERT_EQ(*copy, std::vector<int>(8, copy->front()));
        }
      });
    }
  }
  EXPECT_EQ(shared.exchange(nullptr).use_count(), 1);
}

}  // namespace
}  // namespace daffi::base
