/// @file  UnixSocketPlace: flock() ends with its process, however that dies, which is what makes a stale socket known.
#include "net/unix_socket_place.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "net/identity.hpp"

namespace daffi::net {
namespace {

base::Failure place_failure(const std::string& path, const std::string& why) {
  return base::fail(ErrorCode::initialization, "'" + path + "' " + why);
}

base::Failure errno_failure(const std::string& path, const char* what) {
  return place_failure(path, std::string(what) + ": " + std::generic_category().message(errno));
}

// A holder that ends removes the lock file, perhaps between our opening and our locking it: then what we hold is the
// lock of a file that nobody else will find.
bool is_still_there(int fd, const std::string& path) {
  struct stat ours {};
  struct stat there {};
  return ::fstat(fd, &ours) == 0 && ::lstat(path.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
         ours.st_dev == there.st_dev;
}

base::Result<Descriptor> take_lock(const std::string& path) {
  const std::string lock_path = path + ".lock";
  for (int attempt = 0; attempt < 100; ++attempt) {
    Descriptor lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock) return errno_failure(lock_path, "cannot be opened");
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return place_failure(path, "is taken by another process that listens there");
      if (errno != EINTR) return errno_failure(lock_path, "cannot be locked");
    } else if (is_still_there(lock.get(), lock_path)) {
      return lock;
    }
  }
  return place_failure(lock_path, "is never the same file twice");
}

base::Result<void> remove_stale_socket(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return errno_failure(path, "cannot be looked at");
  }
  if (!S_ISSOCK(status.st_mode)) return place_failure(path, "is there already and is not a socket");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return errno_failure(path, "was left behind and cannot be removed");
  return {};
}

}  // namespace

base::Result<UnixSocketPlace> UnixSocketPlace::claim(const std::string& path) {
  if (auto folder = make_private_folder(path.substr(0, path.find_last_of('/') + 1)); !folder) {
    return std::move(folder).failure();
  }
  auto lock = take_lock(path);
  if (!lock) return std::move(lock).failure();
  if (auto removed = remove_stale_socket(path); !removed) {
    ::unlink((path + ".lock").c_str());
    return std::move(removed).failure();
  }
  return UnixSocketPlace(path, std::move(lock).value());
}

UnixSocketPlace& UnixSocketPlace::operator=(UnixSocketPlace&& other) noexcept {
  if (this == &other) return *this;
  give_up();
  path_ = std::move(other.path_);
  lock_ = std::move(other.lock_);
  return *this;
}

UnixSocketPlace::~UnixSocketPlace() { give_up(); }

void UnixSocketPlace::give_up() {
  if (!lock_) return;
  ::unlink(path_.c_str());
  ::unlink((path_ + ".lock").c_str());
  lock_.reset();
}

}  // namespace daffi::net
