/// @file  The per-user cookie's file: found, made by whoever comes first, and checked before it is believed.
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "base/random.hpp"
#include "net/descriptor.hpp"
#include "net/identity.hpp"

namespace daffi::net {
namespace {

constexpr std::size_t cookie_size = 32;
using Cookie = std::vector<std::byte>;

base::Failure cookie_failure(const std::string& path, const std::string& why) {
  return base::fail(ErrorCode::system, "cookie file '" + path + "' " + why);
}

base::Failure errno_failure(const std::string& path, const char* what) {
  return cookie_failure(path, std::string(what) + ": " + std::generic_category().message(errno));
}

bool write_all(int fd, base::Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

// Nothing when there is no such file.
base::Result<std::optional<Cookie>> read_cookie(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) return std::optional<Cookie>();
  if (!file) return errno_failure(path, "cannot be opened");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return errno_failure(path, "cannot be looked at");
  if (!S_ISREG(status.st_mode)) return cookie_failure(path, "is not a file");
  if (status.st_uid != ::geteuid()) return cookie_failure(path, "belongs to another user");
  if ((status.st_mode & 077) != 0) return cookie_failure(path, "is open to other users (its mode should be 0600)");
  Cookie cookie(cookie_size + 1);
  std::size_t have = 0;
  while (have < cookie.size()) {
    const ssize_t count = ::read(file.get(), cookie.data() + have, cookie.size() - have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_failure(path, "cannot be read");
    if (count == 0) break;
    have += static_cast<std::size_t>(count);
  }
  if (have != cookie_size) return cookie_failure(path, "is damaged; removing it lets a new one be made");
  cookie.resize(cookie_size);
  return std::optional(std::move(cookie));
}

// Writes a cookie beside the place, then links it there. The link succeeds for one maker only, and with all its bytes,
// so whoever reads the file afterwards, we too, sees the same one.
base::Result<void> make_cookie(const std::string& path) {
  const std::string draft = path + "." + base::random_hex(16);
  const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return errno_failure(path, "cannot be made");
  Cookie cookie(cookie_size);
  base::random_bytes(cookie);
  const bool written = write_all(file.get(), cookie) && ::fsync(file.get()) == 0;
  const bool linked = written && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(draft.c_str());
  errno = error;
  if (!linked) return errno_failure(path, "cannot be made");
  return {};
}

base::Result<Cookie> cookie_at(const std::string& path) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto found = read_cookie(path);
    if (!found) return std::move(found).failure();
    if (*found) return std::move(**found);
    if (auto made = make_cookie(path); !made) return std::move(made).failure();
  }
  auto found = read_cookie(path);
  if (!found) return std::move(found).failure();
  if (*found) return std::move(**found);
  return cookie_failure(path, "vanishes as soon as it is made");
}

base::Result<Cookie> cookie_in_folder(const std::string& folder, const std::string& path) {
  if (auto made = make_private_folder(folder); !made) {
    return cookie_failure(path, "has no safe place: " + made.failure().message);
  }
  return cookie_at(path);
}

std::string environment(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

std::string home_folder() {
  if (std::string home = environment("HOME"); !home.empty()) return home;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16384);
  ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr || found->pw_dir == nullptr ? "" : found->pw_dir;
}

}  // namespace

base::Result<Cookie> user_cookie_in(const std::string& folder) { return cookie_in_folder(folder, folder + "/cookie"); }

base::Result<Cookie> user_cookie() {
  if (const std::string path = environment("DAFFI_COOKIE_FILE"); !path.empty()) {
    const auto slash = path.find_last_of('/');
    return cookie_in_folder(slash == std::string::npos ? "." : path.substr(0, slash + 1), path);
  }
  // A relative path in these variables is to be ignored, says the XDG base directory specification.
  if (const std::string runtime = environment("XDG_RUNTIME_DIR"); runtime.starts_with('/')) {
    return user_cookie_in(runtime + "/daffi");
  }
  std::string config = environment("XDG_CONFIG_HOME");
  if (!config.starts_with('/')) {
    const std::string home = home_folder();
    if (home.empty()) return base::fail(ErrorCode::system, "no home folder for the cookie file: set HOME");
    config = home + "/.config";
  }
  return user_cookie_in(config + "/daffi");
}

}  // namespace daffi::net
