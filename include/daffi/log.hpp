/// @file  Where log lines go, and from which level on there are any.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include "daffi/export.hpp"

namespace daffi::inline v1 {

/// How much a line matters. `off` is a limit above all of them, never the level of a line.
enum class LogLevel { debug, info, warning, error, off };

/// One line, as a sink sees it; its texts live until the sink returns. Value.
struct LogRecord {
  LogLevel level;
  std::string_view part;  ///< who speaks: "controller", "node", "global", …
  std::string_view text;
  std::chrono::system_clock::time_point time;  ///< when it was said, not when it was written
};

/// Sends the lines said from now on to `sink`; nullptr brings back the default, which writes
/// `LEVEL:  YYYY-mm-dd HH:MM:SS | daffi.part | text` to stdout, from warning on to stderr, coloured on a terminal.
/// A sink is called on one thread of its own, one line at a time, and may block; what it throws is swallowed.
/// Returns when no call of the previous sink is running any more, except when called from inside a sink.
/// Threads: any.
DAFFI_API void set_log_sink(std::function<void(const LogRecord&)> sink);

/// Lines below `level` are neither kept nor built. Default: info, or what DAFFI_LOG in the environment says
/// (debug, info, warning, error, off), which wins over this call. Threads: any.
DAFFI_API void set_log_level(LogLevel level);

}  // namespace daffi::inline v1
