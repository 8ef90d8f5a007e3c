/// @file  SmallDisk: a file system of a few hundred KiB, which can be full for everybody.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace daffi::tests {

/// Mounted while it lives. Resource. Threads: one.
class SmallDisk {
 public:
  /// Why there can be none here; empty when there can.
  static std::string obstacle();

  /// At `folder`, which is made. Throws std::system_error.
  SmallDisk(std::filesystem::path folder, std::size_t kib);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// Takes all the room there is.
  void fill();
  void make_room();

 private:
  const std::filesystem::path folder_;
};

}  // namespace daffi::tests
