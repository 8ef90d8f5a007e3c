/// @file  Finds the repository's own files from wherever the tests are started inside it.
#pragma once

#include <filesystem>
#include <stdexcept>

namespace daffi::wire {

/// The root of the repository, upwards from the current folder.
inline std::filesystem::path repository() {
  for (std::filesystem::path at = std::filesystem::current_path();; at = at.parent_path()) {
    if (std::filesystem::exists(at / "spec" / "frames.json")) return at;
    if (at == at.parent_path()) throw std::runtime_error("start the tests inside the repository");
  }
}

}  // namespace daffi::wire
