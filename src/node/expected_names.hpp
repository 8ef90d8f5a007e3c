/// @file  ExpectedNames: processes that were there before the controller was lost and may come back.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "node/name_hash.hpp"

namespace daffi::node {

/// While the controller is away nothing ends; once a new snapshot is here, the grace time runs. A process that is back
/// is not expected any more, nor is what it held: it announces everything at once.
/// Threads: as its owner's lock says.
class ExpectedNames {
 public:
  static constexpr std::size_t kMaxProcesses = 1u << 16;  ///< further ones are not expected

  /// Another process known at the loss. One that is expected already is replaced.
  void add(const std::string& process, std::vector<std::string> callbacks);
  void lost(base::Duration grace) {
    grace_ = grace;
    until_.reset();
  }
  /// A complete snapshot of a new connection is here.
  void found(base::SteadyTime now);
  void is_back(std::string_view process);
  void clear();

  bool process(std::string_view name, base::SteadyTime now) const {
    return !expired(now) && processes_.find(name) != processes_.end();
  }
  bool callback(std::string_view name, base::SteadyTime now) const {
    return !expired(now) && callbacks_.find(name) != callbacks_.end();
  }
  bool empty() const { return processes_.empty(); }
  /// Nothing is expected, or it is not known yet until when.
  std::optional<base::SteadyTime> until() const { return empty() ? std::nullopt : until_; }
  bool expired(base::SteadyTime now) const { return until_ && *until_ <= now; }

 private:
  std::unordered_map<std::string, std::vector<std::string>, TextHash, std::equal_to<>> processes_;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> callbacks_;  ///< how many processes held it
  base::Duration grace_{0};
  std::optional<base::SteadyTime> until_;
};

}  // namespace daffi::node
