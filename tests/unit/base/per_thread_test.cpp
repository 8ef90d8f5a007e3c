/// @file  PerThread: one for each thread, gone with it, and no trap for whoever asks late.
#include "base/per_thread.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace daffi::base {
namespace {

std::atomic<int> alive{0};

struct Counted {
  Counted() { ++alive; }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  int value = 0;
};

TEST(PerThread, IsTheSameForOneThreadAndAnotherForEachOther) {
  PerThread<Counted>::mine().value = 1;
  EXPECT_EQ(PerThread<Counted>::mine().value, 1);
  std::thread([] { EXPECT_EQ(PerThread<Counted>::mine().value, 0); }).join();
  EXPECT_EQ(PerThread<Counted>::mine().value, 1);
}

TEST(PerThread, TellsEqualTypesApartByTheirTags) {
  struct Other {};
  PerThread<Counted>::mine().value = 1;
  PerThread<Counted, Other>::mine().value = 2;
  EXPECT_EQ(PerThread<Counted>::mine().value, 1);
}

TEST(PerThread, GoesWithItsThread) {
  int during = 0;
  const int before = alive;
  std::thread([&] {
    PerThread<Counted>::mine().value = 1;
    during = alive;
  }).join();
  EXPECT_EQ(during, before + 1);
  EXPECT_EQ(alive, before);
}

// Destroyed after the thread's Counted, as it was made before that; it asks for it once more.
struct Late {
  ~Late() { *seen = PerThread<Counted, Late>::mine().value; }
  int* seen = nullptr;
};

TEST(PerThread, CanBeAskedForWhileTheThreadEnds) {
  int seen = -1;
  std::thread([&] {
    thread_local Late late;
    late.seen = &seen;
    PerThread<Counted, Late>::mine().value = 7;
  }).join();
  EXPECT_EQ(seen, 0);
}

}  // namespace
}  // namespace daffi::base
