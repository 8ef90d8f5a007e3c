/// @file  SharedMemory: read by whoever knows its name, and nothing else is read under a wrong one.
#include "base/shared_memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "base/random.hpp"

namespace daffi::base {
namespace {

constexpr std::size_t kSize = 10'000;

std::vector<std::byte> some(std::size_t size, std::uint8_t seed) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = std::byte(seed + i * 7);
  return bytes;
}

std::vector<std::byte> copied(const SharedMemoryView& view, std::size_t at, std::size_t size) {
  const Bytes bytes = view.bytes(at, size);
  return {bytes.begin(), bytes.end()};
}

/// A descriptor of this process's, named as if it were shared memory.
struct Other {
  explicit Other(int descriptor) : fd(descriptor) {
    name.process = static_cast<std::uint32_t>(::getpid());
    name.descriptor = static_cast<std::uint32_t>(fd);
  }
  ~Other() { ::close(fd); }
  Other(const Other&) = delete;
  Other& operator=(const Other&) = delete;
  int fd;
  SharedMemoryName name;
};

TEST(SharedMemory, WhatIsWrittenIsReadUnderItsName) {
  const auto memory = SharedMemory::make(kSize);
  ASSERT_TRUE(memory);
  const auto view = SharedMemoryView::open(memory->name(), kSize);
  ASSERT_TRUE(view);
  const auto bytes = some(700, 3);
  ASSERT_TRUE(memory->write(kSize - 700, bytes));
  EXPECT_EQ(copied(*view, kSize - 700, 700), bytes);
}

TEST(SharedMemory, NothingIsWrittenOrReadBeyondItsEnd) {
  const auto memory = SharedMemory::make(kSize);
  const auto view = SharedMemoryView::open(memory->name(), kSize);
  ASSERT_TRUE(view);
  std::vector<std::byte> bytes(2);
  EXPECT_FALSE(memory->write(kSize - 1, bytes));
  EXPECT_FALSE(memory->write(~std::size_t{0}, bytes));
  EXPECT_TRUE(view->bytes(kSize - 1, 2).empty());
  EXPECT_TRUE(view->bytes(~std::size_t{0}, 2).empty());
}

TEST(SharedMemory, StaysReadableWhenItsWriterHasLetGo) {
  auto memory = SharedMemory::make(kSize);
  const auto view = SharedMemoryView::open(memory->name(), kSize);
  const auto bytes = some(100, 9);
  ASSERT_TRUE(memory->write(0, bytes));
  memory.reset();
  EXPECT_EQ(copied(*view, 0, 100), bytes);
}

TEST(SharedMemory, WhatEitherEndNotesTheOtherSees) {
  const auto memory = SharedMemory::make(kSize);
  const auto view = SharedMemoryView::open(memory->name(), kSize);
  ASSERT_TRUE(view);
  for (std::size_t i = 0; i < kSharedNotes; ++i) EXPECT_EQ(memory->mapping().note(i), 0u);
  view->mapping().set_note(kSharedNotes - 1, 7);
  EXPECT_EQ(memory->mapping().note(kSharedNotes - 1), 7u);
  memory->mapping().set_note(0, 9);
  EXPECT_EQ(view->mapping().note(0), 9u);
  EXPECT_TRUE(SharedMemoryView::open(memory->name(), kSize)) << "they are not where its secret is";
}

TEST(SharedMemory, CanBeMadeNoSmallerByAnybody) {
  const auto memory = SharedMemory::make(kSize);
  EXPECT_NE(::ftruncate(static_cast<int>(memory->name().descriptor), 10), 0);
}

TEST(SharedMemory, AWrongSecretOpensNothing) {
  const auto memory = SharedMemory::make(kSize);
  SharedMemoryName name = memory->name();
  name.secret[7] ^= std::byte{1};
  EXPECT_FALSE(SharedMemoryView::open(name, kSize));
}

TEST(SharedMemory, AnotherSizeOpensNothing) {
  const auto memory = SharedMemory::make(kSize);
  EXPECT_FALSE(SharedMemoryView::open(memory->name(), kSize + 1));
}

TEST(SharedMemory, AProcessOrDescriptorThatIsNotThereOpensNothing) {
  const auto memory = SharedMemory::make(kSize);
  SharedMemoryName name = memory->name();
  name.process = 0;
  EXPECT_FALSE(SharedMemoryView::open(name, kSize));
  name = memory->name();
  name.descriptor = 1'000'000;
  EXPECT_FALSE(SharedMemoryView::open(name, kSize));
}

TEST(SharedMemory, WhatIsNoSharedMemoryIsNotOpened) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Other pipe_end(ends[0]), other_end(ends[1]);
  const Other device(::open("/dev/zero", O_RDONLY));
  const Other file(::open("/proc/self/exe", O_RDONLY));
  // Of the right size, too, but not memory of the kernel's own device.
  const Other on_disk(::open("/dev/shm", O_TMPFILE | O_RDWR, 0600));
  ASSERT_EQ(::ftruncate(on_disk.fd, 4096 + kSize), 0);
  for (const Other* other : {&pipe_end, &other_end, &device, &file, &on_disk}) {
    EXPECT_FALSE(SharedMemoryView::open(other->name, kSize));
  }
}

TEST(SharedMemory, MemoryThatMayStillShrinkIsNotTaken) {
  const Other memory(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::fallocate(memory.fd, 0, 0, 4096 + kSize), 0);
  ASSERT_FALSE(SharedMemoryView::open(memory.name, kSize)) << "its secret is right: sixteen zeros";
  ASSERT_EQ(::fcntl(memory.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  EXPECT_TRUE(SharedMemoryView::open(memory.name, kSize));
}

TEST(SharedMemory, MemoryThatIsNotAllThereIsNotTaken) {
  const Other memory(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(memory.fd, 4096 + kSize), 0);
  ASSERT_EQ(::fcntl(memory.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  EXPECT_FALSE(SharedMemoryView::open(memory.name, kSize));
  ASSERT_EQ(::fallocate(memory.fd, 0, 0, 4096 + kSize), 0);
  EXPECT_TRUE(SharedMemoryView::open(memory.name, kSize));
}

// The kernel's answer to a file beyond the limit is a signal that ends the process.
TEST(SharedMemory, IsNotMadeBeyondTheLimitForFiles) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  rlimit low = limit;
  low.rlim_cur = kSize;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
  const auto memory = SharedMemory::make(kSize);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_FALSE(memory);
}

}  // namespace
}  // namespace daffi::base
