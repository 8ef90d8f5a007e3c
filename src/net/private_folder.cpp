/// @file  Folders of our own: made 0700, and refused when others could change what is in them.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "net/identity.hpp"

namespace daffi::net {
namespace {

base::Failure folder_failure(const std::string& path, const std::string& why) {
  return base::fail(ErrorCode::initialization, "folder '" + path + "' " + why);
}

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// Another process may be making the same folders at this moment, which is as good as making them ourselves.
base::Result<void> make_folders(const std::string& path) {
  if (path.empty() || ::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  if (errno == ENOENT) {
    if (auto made = make_folders(parent_of(path)); !made) return made;
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  }
  return folder_failure(path, "cannot be made: " + std::generic_category().message(errno));
}

}  // namespace

base::Result<void> make_private_folder(const std::string& given) {
  std::string path = given;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path.empty()) return folder_failure(path, "has no name");
  if (auto made = make_folders(path); !made) return made;
  struct stat link {};
  struct stat folder {};
  if (::lstat(path.c_str(), &link) != 0 || ::stat(path.c_str(), &folder) != 0) {
    return folder_failure(path, "cannot be looked at: " + std::generic_category().message(errno));
  }
  // A link that somebody else put there could be turned to another place at any time.
  if (S_ISLNK(link.st_mode) && link.st_uid != ::geteuid() && link.st_uid != 0) {
    return folder_failure(path, "is a link that belongs to another user");
  }
  if (!S_ISDIR(folder.st_mode)) return folder_failure(path, "is not a folder");
  if (folder.st_uid != ::geteuid()) return folder_failure(path, "belongs to another user");
  if ((folder.st_mode & 022) != 0) return folder_failure(path, "can be written to by other users");
  return {};
}

}  // namespace daffi::net
