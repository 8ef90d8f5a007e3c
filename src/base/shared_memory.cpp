/// @file  SharedMemory: memfd_create(2), found by the other process under /proc.
#include "base/shared_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <string_view>

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
// even asked for what the kernel does not have at hand: that may be far away, and not answer. And all of it is there:
// to read what is not may be a signal when the system has no memory left.
bool is_memory(int path, std::size_t size) {
  const dev_t device = device_of_memory();
  struct statx status {};
  return device != 0 &&
         ::statx(path, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE | STATX_BLOCKS, &status) == 0 &&
         ::makedev(status.stx_dev_major, status.stx_dev_minor) == device && S_ISREG(status.stx_mode) &&
         status.stx_size == size && status.stx_blocks >= size / 512;
}

bool allocate(int fd, std::size_t size) {
  int status = 0;
  do {
    status = ::fallocate(fd, 0, 0, static_cast<off_t>(size));
  } while (status != 0 && errno == EINTR);
  return status == 0;
}

// What it is called is known without a look at it.
bool is_called_memory(const std::string& where) {
  constexpr std::string_view kName = "/memfd:";
  std::array<char, kName.size()> called;
  const ssize_t length = ::readlink(where.c_str(), called.data(), called.size());
  return length == static_cast<ssize_t>(kName.size()) && std::string_view(called.data(), called.size()) == kName;
}

int open_again(int path) {
  return ::open(("/proc/self/fd/" + std::to_string(path)).c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
}

std::atomic_ref<std::uint32_t> note_in(std::byte* page, std::size_t index) {
  return std::atomic_ref(reinterpret_cast<std::uint32_t*>(page + kNotesAt)[index]);
}

}  // namespace

SharedMapping::SharedMapping(int fd, std::size_t size) : size_(size) {
  void* const at = ::mmap(nullptr, kFront + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at != MAP_FAILED) at_ = static_cast<std::byte*>(at);
}

SharedMapping::~SharedMapping() {
  if (at_ != nullptr) ::munmap(at_, kFront + size_);
}

MutableBytes SharedMapping::secret() const { return {at_, sizeof(SharedMemoryName::secret)}; }

MutableBytes SharedMapping::part(std::size_t at, std::size_t size) const {
  if (at > size_ || size > size_ - at) return {};
  return {at_ + kFront + at, size};
}

std::uint32_t SharedMapping::note(std::size_t index) const {
  return note_in(at_, index).load(std::memory_order_acquire);
}

void SharedMapping::set_note(std::size_t index, std::uint32_t value) const {
  note_in(at_, index).store(value, std::memory_order_release);
}

SharedMemory::SharedMemory(int fd, std::size_t size) : fd_(fd), mapping_(fd, size) {}

std::shared_ptr<const SharedMemory> SharedMemory::make(std::size_t size) {
  // Beyond a limit for files the kernel would send a signal that ends the process.
  rlimit files{};
  if (::getrlimit(RLIMIT_FSIZE, &files) != 0 || files.rlim_cur < kFront + size) return nullptr;
  const int fd = ::memfd_create("daffi", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return nullptr;
  // All of it is there before it is mapped: to write where there is no memory left would be a signal, too.
  if (!allocate(fd, kFront + size)) return ::close(fd), nullptr;
  std::shared_ptr<SharedMemory> memory(new SharedMemory(fd, size));
  if (!memory->mapping_ || ::fcntl(fd, F_ADD_SEALS, kSeals) != 0) return nullptr;
  memory->name_.process = static_cast<std::uint32_t>(::getpid());
  memory->name_.descriptor = static_cast<std::uint32_t>(fd);
  random_bytes(memory->name_.secret);
  std::ranges::copy(memory->name_.secret, memory->mapping_.secret().begin());
  return memory;
}

SharedMemory::~SharedMemory() { ::close(fd_); }

bool SharedMemory::write(std::size_t at, Bytes bytes) const {
  const MutableBytes into = mapping_.part(at, bytes.size());
  if (into.size() != bytes.size()) return false;
  copy_to(into.data(), bytes);
  return true;
}

std::shared_ptr<const SharedMemoryView> SharedMemoryView::open(const SharedMemoryName& name, std::size_t size) {
  const std::string where = "/proc/" + std::to_string(name.process) + "/fd/" + std::to_string(name.descriptor);
  const int path = is_called_memory(where) ? ::open(where.c_str(), O_PATH | O_CLOEXEC) : -1;
  if (path < 0) return nullptr;
  const int fd = is_memory(path, kFront + size) ? open_again(path) : -1;
  ::close(path);
  if (fd < 0) return nullptr;
  // Sealed, its size is final; before, it may have changed since it was looked at.
  const int seals = ::fcntl(fd, F_GET_SEALS);
  std::shared_ptr<const SharedMemoryView> view;
  if (seals >= 0 && (seals & kSeals) == kSeals && is_memory(fd, kFront + size))
    view.reset(new SharedMemoryView(fd, size));
  ::close(fd);
  const bool right = view && view->mapping_ && std::ranges::equal(view->mapping_.secret(), name.secret);
  return right ? view : nullptr;
}

}  // namespace daffi::base
