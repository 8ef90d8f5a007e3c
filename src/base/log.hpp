/// @file  Log lines: a level, the part that speaks, a text. Written by a thread of its own, so logging never blocks.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "daffi/log.hpp"

namespace daffi::base {

/// True when a line of that level would be written: ask before building an expensive text. Threads: any.
bool log_enabled(LogLevel level);

/// Queues one line. `part` names the speaker ("controller", "node", "global", …) and must be a literal. Never blocks:
/// when the bounded queue is full the line is dropped and counted, and the count is logged once there is room.
/// Threads: any; not under a lock (STYLE).
void log(LogLevel level, std::string_view part, std::string text);

/// Blocks until everything said so far has been written, but not longer than `at_most`; true when it has been. Does
/// nothing when called from a sink. Happens by itself at exit. Threads: any.
bool flush_log(Duration at_most = std::chrono::seconds(2));

}  // namespace daffi::base
