/// @file  daffi controller.
#include <sys/stat.h>

#include <fstream>

#include "daffi/commands.hpp"
#include "daffi/error.hpp"

namespace daffi_command {
namespace {

[[noreturn]] void wrong(const std::string& text) {
  throw daffi::InitializationError(daffi::ErrorCode::initialization, text);
}

// Lines of a role and its token; empty lines and those that begin with # say nothing.
std::map<std::string, std::string> read_roles(const std::string& path) {
  std::map<std::string, std::string> roles;
  if (path.empty()) return roles;
  std::ifstream file(path);
  struct stat about {};
  if (!file || ::stat(path.c_str(), &about) != 0) wrong("token-roles cannot be read: " + path);
  if ((about.st_mode & 0077) != 0) wrong("token-roles can be read by others: " + path + " should be 0600");
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos || line.front() == '#') continue;
    const auto where = path + " line " + std::to_string(number);
    const auto blank = line.find(' ');
    const auto end = line.find_last_not_of(" \t\r");
    if (blank == std::string::npos || blank == 0 || blank > end) wrong("no role and token: " + where);
    if (!roles.emplace(line.substr(0, blank), line.substr(blank + 1, end - blank)).second) {
      wrong("a role twice: " + where);
    }
  }
  return roles;
}

}  // namespace

int ControllerCommand::run() const {
  return guarded([&] {
    daffi::GlobalOptions options = address.observer();
    options.observer = false;
    options.connect_timeout = {};
    options.process_name = name;
    options.init_controller = true;
    options.init_node = false;
    options.token_roles = read_roles(token_roles);
    daffi::Global g(std::move(options));
    g.join({.stop_on_signals = true});
    return kSuccess;
  });
}

}  // namespace daffi_command
