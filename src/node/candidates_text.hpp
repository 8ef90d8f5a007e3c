/// @file  Error texts that say what there is instead of what was asked for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace daffi::node {

/// A process and the names it holds, in order of registration. Value.
struct Candidates {
  std::string process;
  std::vector<std::string> callbacks;
};

/// Lines of a list at most; then the nearest processes come first, and the last line counts the others.
inline constexpr std::size_t kMaxListLines = 100;
/// Names in one line at most; then the nearest come first, and the others are counted.
inline constexpr std::size_t kMaxListNames = 100;

/// Nobody holds `callback`; `held_here`: this process does. Threads: any.
std::string unknown_callback_text(std::string_view callback, const std::vector<Candidates>& others, bool held_here);

/// `process` is not there, or is and has no such callback. `others` are those that may be named, this process included
/// when it holds callbacks. Threads: any.
std::string unknown_receiver_text(std::string_view process, std::string_view callback,
                                  const std::vector<Candidates>& others, bool is_there);

}  // namespace daffi::node
