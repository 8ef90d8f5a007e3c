/// @file  SharedMemory: memfd_create(2), found by the other process under /proc.
#include "base/shared_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "base/random.hpp"

namespace daffi::base {
namespace {

// In front of what is shared; a page of its own, so that the rest lies at page boundaries.
constexpr std::size_t kFront = 4096;
// Where in it the notes are, behind the secret; a cache line of their own.
constexpr std::size_t kNotesAt = 64;
static_assert(kNotesAt + kSharedNotes * sizeof(std::uint32_t) <= kFront);
// A reader could not bear it to shrink; nor does it have a reason to grow.
constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW;

template <typename Step>
bool whole(std::size_t size, Step step) {
  for (std::size_t done = 0; done < size;) {
    const ssize_t moved = step(done);
    if (moved < 0 && errno == EINTR) continue;
    if (moved <= 0) return false;
    done += static_cast<std::size_t>(moved);
  }
  return true;
}

bool write_at(int fd, std::size_t at, Bytes bytes) {
  return whole(bytes.size(), [&](std::size_t done) {
    return ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
  });
}

bool read_at(int fd, std::size_t at, MutableBytes into) {
  return whole(into.size(), [&](std::size_t done) {
    return ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(at + done));
  });
}

// All memory of memfd_create(2) is on one device of the kernel's own; 0: it cannot be told now.
dev_t device_of_memory() {
  static std::atomic<dev_t> device{0};
  if (const dev_t known = device.load(std::memory_order_relaxed); known != 0) return known;
  const int fd = ::memfd_create("daffi", MFD_CLOEXEC);
  if (fd < 0) return 0;
  struct stat status {};
  if (::fstat(fd, &status) == 0) device.store(status.st_dev, std::memory_order_relaxed);
  ::close(fd);
  return device.load(std::memory_order_relaxed);
}

// Whatever the name leads to is looked at before it is opened: to open some files does something by itself. It is not
// even asked for what the kernel does not have at hand: that may be far away, and not answer.
bool is_memory(int path, std::size_t size) {
  const dev_t device = device_of_memory();
  struct statx status {};
  return device != 0 && ::statx(path, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE, &status) == 0 &&
         ::makedev(status.stx_dev_major, status.stx_dev_minor) == device && S_ISREG(status.stx_mode) &&
         status.stx_size == size;
}

int open_again(int path) {
  return ::open(("/proc/self/fd/" + std::to_string(path)).c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
}

std::atomic_ref<std::uint32_t> note_in(void* page, std::size_t index) {
  return std::atomic_ref(static_cast<std::uint32_t*>(page)[kNotesAt / sizeof(std::uint32_t) + index]);
}

}  // namespace

SharedFront::SharedFront(int fd) {
  void* const page = ::mmap(nullptr, kFront, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) page_ = page;
}

SharedFront::~SharedFront() {
  if (page_ != nullptr) ::munmap(page_, kFront);
}

// The bytes go through system calls, which promise no order to the processor: a fence does.
std::uint32_t SharedFront::note(std::size_t index) const {
  const std::uint32_t value = note_in(page_, index).load(std::memory_order_acquire);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return value;
}

void SharedFront::set_note(std::size_t index, std::uint32_t value) const {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  note_in(page_, index).store(value, std::memory_order_release);
}

SharedMemory::SharedMemory(int fd, std::size_t size) : fd_(fd), size_(size), front_(fd) {}

std::shared_ptr<const SharedMemory> SharedMemory::make(std::size_t size) {
  // Beyond a limit for files the kernel would send a signal that ends the process.
  rlimit files{};
  if (::getrlimit(RLIMIT_FSIZE, &files) != 0 || files.rlim_cur < kFront + size) return nullptr;
  const int fd = ::memfd_create("daffi", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return nullptr;
  if (::ftruncate(fd, static_cast<off_t>(kFront + size)) != 0) return ::close(fd), nullptr;
  std::shared_ptr<SharedMemory> memory(new SharedMemory(fd, size));
  memory->name_.process = static_cast<std::uint32_t>(::getpid());
  memory->name_.descriptor = static_cast<std::uint32_t>(fd);
  random_bytes(memory->name_.secret);
  const bool ready = memory->front_ && ::fcntl(fd, F_ADD_SEALS, kSeals) == 0 && write_at(fd, 0, memory->name_.secret);
  return ready ? memory : nullptr;
}

SharedMemory::~SharedMemory() { ::close(fd_); }

bool SharedMemory::write(std::size_t at, Bytes bytes) const {
  return at <= size_ && bytes.size() <= size_ - at && write_at(fd_, kFront + at, bytes);
}

std::shared_ptr<const SharedMemoryView> SharedMemoryView::open(const SharedMemoryName& name, std::size_t size) {
  const std::string where = "/proc/" + std::to_string(name.process) + "/fd/" + std::to_string(name.descriptor);
  const int path = ::open(where.c_str(), O_PATH | O_CLOEXEC);
  if (path < 0) return nullptr;
  const int fd = is_memory(path, kFront + size) ? open_again(path) : -1;
  ::close(path);
  if (fd < 0) return nullptr;
  std::shared_ptr<const SharedMemoryView> view(new SharedMemoryView(fd, size));
  const int seals = view->front_ ? ::fcntl(fd, F_GET_SEALS) : -1;
  std::array<std::byte, 16> secret{};
  // Sealed, its size is final; before, it may have changed since it was looked at.
  const bool right = seals >= 0 && (seals & kSeals) == kSeals && is_memory(fd, kFront + size) &&
                     read_at(fd, 0, secret) && secret == name.secret;
  return right ? view : nullptr;
}

SharedMemoryView::~SharedMemoryView() { ::close(fd_); }

bool SharedMemoryView::read(std::size_t at, MutableBytes into) const {
  return at <= size_ && into.size() <= size_ - at && read_at(fd_, kFront + at, into);
}

}  // namespace daffi::base
