/// @file  Log lines on the console, through spdlog's coloured sinks.
#include "base/log_console.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>

#include <cstdlib>
#include <ctime>

namespace daffi::base {
namespace {

struct LevelLook {
  std::string_view name;
  spdlog::level::level_enum level;  // decides the colour
};

LevelLook look_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return {"DEBUG", spdlog::level::debug};
    case LogLevel::info:
      return {"INFO", spdlog::level::info};
    case LogLevel::warning:
      return {"WARNING", spdlog::level::warn};
    case LogLevel::error:
    case LogLevel::off:
      break;
  }
  return {"ERROR", spdlog::level::err};
}

std::string local_time(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts)};
}

void append_harmless(std::string& line, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      line += "\n    ";
    } else if ((byte < 0x20 && c != '\t') || byte == 0x7F) {
      line += '?';
    } else {
      line += c;
    }
  }
}

}  // namespace

std::string format_log_line(const LogRecord& record) {
  std::string line(look_of(record.level).name);
  line += ":  " + local_time(record.time) + " | daffi";
  if (!record.part.empty()) line.append(".").append(record.part);
  line += " | ";
  append_harmless(line, record.text);
  return line;
}

struct ConsoleWriter::Impl {
  spdlog::sinks::ansicolor_stdout_sink_st out{mode()};
  spdlog::sinks::ansicolor_stderr_sink_st err{mode()};

  // Between %^ and %$ is the coloured part: the level name alone, which travels as the logger's name.
  Impl() {
    out.set_pattern("%^%n%$%v");
    err.set_pattern("%^%n%$%v");
  }

  static spdlog::color_mode mode() {
    const char* no_color = std::getenv("NO_COLOR");
    return no_color != nullptr && *no_color != '\0' ? spdlog::color_mode::never : spdlog::color_mode::automatic;
  }
};

ConsoleWriter::ConsoleWriter() = default;
ConsoleWriter::~ConsoleWriter() = default;

void ConsoleWriter::write(const LogRecord& record) {
  if (impl_ == nullptr) impl_ = std::make_unique<Impl>();
  const LevelLook look = look_of(record.level);
  const std::string line = format_log_line(record);
  const std::string_view rest = std::string_view(line).substr(look.name.size());
  const spdlog::details::log_msg message(spdlog::string_view_t(look.name.data(), look.name.size()), look.level,
                                         spdlog::string_view_t(rest.data(), rest.size()));
  spdlog::sinks::sink& target = record.level >= LogLevel::warning ? static_cast<spdlog::sinks::sink&>(impl_->err)
                                                                  : static_cast<spdlog::sinks::sink&>(impl_->out);
  target.log(message);
  target.flush();
}

}  // namespace daffi::base
