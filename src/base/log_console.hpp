/// @file  ConsoleWriter: the default log sink, stdout for what is usual and stderr from warning on.
#pragma once

#include <memory>
#include <string>

#include "daffi/log.hpp"

namespace daffi::base {

/// The line as the console shows it, without colour and line end. Later lines of a text are indented, and control
/// characters replaced, so that a name chosen by a peer cannot pose as a line of ours. Threads: any.
std::string format_log_line(const LogRecord& record);

/// Strand: the log thread. Opens the console at the first line.
class ConsoleWriter {
 public:
  ConsoleWriter();
  ~ConsoleWriter();
  ConsoleWriter(const ConsoleWriter&) = delete;
  ConsoleWriter& operator=(const ConsoleWriter&) = delete;

  void write(const LogRecord& record);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace daffi::base
