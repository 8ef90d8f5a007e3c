/// @file  Endpoint: its spellings, and the default place of the UNIX socket.
#include "net/endpoint.hpp"

#include <cstdlib>

namespace daffi::net {
namespace {

// The order in which Python's tempfile looks, so that both faces of the system agree on the place.
std::string temporary_folder() {
  for (const char* name : {"TMPDIR", "TEMP", "TMP"}) {
    const char* value = ::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "/tmp";
}

}  // namespace

std::string Endpoint::socket_path() const {
  std::string path = folder.empty() ? temporary_folder() + "/daffi" : folder;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path + "/.sock";
}

std::string Endpoint::to_string() const {
  if (kind == Kind::unix_socket) return "unix:" + socket_path();
  const std::string name = host.empty() ? "localhost" : host;
  const bool v6 = name.find(':') != std::string::npos;
  return (v6 ? "[" + name + "]" : name) + ":" + std::to_string(port);
}

}  // namespace daffi::net
