/// @file  LogQuota: what strangers can make happen as often as they like does not fill the log.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace daffi::base {

/// A few lines in each period; the first one after that says how many were left out. Strand: its owner's.
class LogQuota {
 public:
  static constexpr std::uint32_t kLines = 16;
  static constexpr Duration kPeriod = std::chrono::seconds(10);

  /// True when a line may be written now.
  bool take(SteadyTime now) {
    if (written_ == 0 || now - began_ >= kPeriod) {
      began_ = now;
      written_ = 0;
    }
    if (written_ == kLines) {
      ++left_out_;
      return false;
    }
    ++written_;
    return true;
  }
  /// For the end of a line that is written: " (5 like it were not logged)", or nothing.
  std::string left_out() {
    if (left_out_ == 0) return {};
    std::string text = " (" + std::to_string(left_out_) + " like it were not logged)";
    left_out_ = 0;
    return text;
  }

 private:
  SteadyTime began_{};
  std::uint32_t written_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace daffi::base
