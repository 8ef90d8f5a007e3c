/// @file  What a Reader remembers about the error it met.
#pragma once

#include <string>

#include "daffi/reader.hpp"

namespace daffi::inline v1 {

struct Reader::Problem {
  std::string what;
  std::string path;
  bool malformed = false;
};

}  // namespace daffi::inline v1
