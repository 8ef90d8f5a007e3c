/// @file  CallContext: what a callback may know about the call it serves.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "daffi/export.hpp"

namespace daffi::inline v1 {

/// Passed to a callback that takes `daffi::CallContext&` as its first parameter. Cheap to copy, stays valid after the
/// call (a coroutine may keep a copy). Threads: any.
class CallContext {
 public:
  CallContext(std::string caller, std::optional<std::chrono::steady_clock::time_point> deadline, std::stop_token stop)
      : caller_(std::move(caller)), deadline_(deadline), stop_(std::move(stop)) {}

  /// The calling process's name.
  [[nodiscard]] const std::string& caller() const { return caller_; }
  /// What is left of the caller's timeout, zero once it has passed; nothing when the caller set none.
  [[nodiscard]] DAFFI_API std::optional<std::chrono::nanoseconds> remaining() const;
  /// Requested when the caller cancels, times out or dies, and when this process stops. Of a call that wants no result
  /// (`return_result = false`) only time, and the stop of this process, end the patience.
  [[nodiscard]] const std::stop_token& stop_token() const { return stop_; }

 private:
  std::string caller_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::stop_token stop_;
};

}  // namespace daffi::inline v1
