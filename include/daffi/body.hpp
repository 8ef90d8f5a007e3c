/// @file  Body: a large text that stands apart from the rest of the value it belongs to.
#pragma once

#include <cstddef>
#include <string>

namespace daffi::inline v1 {

/// The bytes of one text (not its head), in memory that whoever reads it may keep; the value's other bytes lie together
/// elsewhere, and it belongs behind the first `at` of them. Value.
struct Body {
  std::size_t at = 0;
  std::string text;
  bool is_utf8 = false;  ///< that has been looked at already
};

}  // namespace daffi::inline v1
