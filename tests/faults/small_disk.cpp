/// @file  SmallDisk: a tmpfs.
#include "faults/small_disk.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "support/process.hpp"

namespace daffi::tests {
namespace {

constexpr const char* kFiller = "filler";

bool mount_at(const std::filesystem::path& folder, std::size_t kib) {
  const std::string size = "mode=700,size=" + std::to_string(kib) + "k";
  return mount("tmpfs", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) == 0;
}

}  // namespace

std::string SmallDisk::obstacle() {
  const TemporaryFolder probe;
  if (!mount_at(probe.path(), 64)) return "mounting is not permitted here";
  umount2(probe.path().c_str(), MNT_DETACH);
  return "";
}

SmallDisk::SmallDisk(std::filesystem::path folder, std::size_t kib) : folder_(std::move(folder)) {
  std::filesystem::create_directory(folder_);
  if (!mount_at(folder_, kib)) throw std::system_error(errno, std::generic_category(), folder_);
}

SmallDisk::~SmallDisk() { umount2(folder_.c_str(), MNT_DETACH); }

void SmallDisk::fill() {
  const int file = open((folder_ / kFiller).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) throw std::system_error(errno, std::generic_category(), folder_ / kFiller);
  constexpr std::array<char, 4096> kPage{};
  ssize_t written = 1;
  while (written > 0) written = write(file, kPage.data(), kPage.size());
  const int why = errno;
  close(file);
  if (why != ENOSPC) throw std::system_error(why, std::generic_category(), folder_ / kFiller);
}

void SmallDisk::make_room() { std::filesystem::remove(folder_ / kFiller); }

}  // namespace daffi::tests
