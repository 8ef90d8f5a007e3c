/// @file  Finding the names somebody may have meant.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace daffi::base {

/// How many letters must be added, removed or replaced to make one text of the other, case aside; `limit` when it is
/// that many or more. Only the first 64 letters of each are compared. Threads: any.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

/// At most `count` of `names` that are a likely slip away from `wanted`, the nearest first. Threads: any.
std::vector<std::string> similar_names(std::string_view wanted, std::span<const std::string> names,
                                       std::size_t count = 3);

/// The `count` names nearest to `wanted`, however far, the nearest first. Threads: any.
std::vector<std::string> nearest_names(std::string_view wanted, std::span<const std::string> names, std::size_t count);

}  // namespace daffi::base
