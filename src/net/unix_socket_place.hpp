/// @file  UnixSocketPlace: the folder, the lock and the path of a UNIX socket, held by one live process at a time.
#pragma once

#include <string>

#include "base/result.hpp"
#include "net/descriptor.hpp"

namespace daffi::net {

/// Owns the right to bind at a path. A lock file beside it ("<path>.lock", flock) tells a live holder from the socket
/// that a crash left behind. Its destructor removes both files. Threads: those of its owner.
class UnixSocketPlace {
 public:
  UnixSocketPlace() = default;
  /// Makes the path's folder private, takes the lock, removes a stale socket. Failure: initialization, naming the path.
  static base::Result<UnixSocketPlace> claim(const std::string& path);
  UnixSocketPlace(UnixSocketPlace&&) noexcept = default;
  UnixSocketPlace& operator=(UnixSocketPlace&& other) noexcept;
  ~UnixSocketPlace();

 private:
  UnixSocketPlace(std::string path, Descriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  void give_up();

  std::string path_;
  Descriptor lock_;  ///< without one this holds nothing
};

}  // namespace daffi::net
