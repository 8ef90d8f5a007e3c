/// @file  Ledger: what a process did with each call, written so that it survives the process.
#include "faults/ledger.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace daffi::tests {
namespace {

const char* name_of(CallKind kind) {
  switch (kind) {
    case CallKind::stream:
      return "stream";
    case CallKind::feed:
      return "feed";
    case CallKind::unary:
      break;
  }
  return "unary";
}

std::string now_text() { return std::to_string(monotonic_now().count()); }

}  // namespace

std::chrono::nanoseconds monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

Ledger::Ledger(const std::filesystem::path& folder, const std::string& process) {
  const std::string pid = std::to_string(getpid());
  const auto path = folder / (process + "." + pid + ".ledger");
  descriptor_ = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), path);
  write_line("born " + process + " " + pid);
}

Ledger::~Ledger() { close(descriptor_); }

void Ledger::sent(const std::string& id, CallKind kind, std::chrono::milliseconds limit, long items) {
  write_line("call " + id + " " + now_text() + " " + std::to_string(limit.count()) + " " + name_of(kind) + " " +
             std::to_string(items));
}

void Ledger::executed(const std::string& id) { write_line("run " + id + " " + now_text()); }

void Ledger::item(const std::string& id, long number) { write_line("item " + id + " " + std::to_string(number)); }

void Ledger::succeeded(const std::string& id) { write_line("end " + id + " " + now_text() + " 0 1"); }

void Ledger::failed(const std::string& id, int code, bool may_have_run) {
  write_line("end " + id + " " + now_text() + " " + std::to_string(code) + (may_have_run ? " 1" : " 0"));
}

void Ledger::closed() { write_line("quit"); }

// A ledger that cannot be written proves nothing: the process must not go on as if it did.
void Ledger::write_line(const std::string& line) {
  const std::string text = line + "\n";
  ssize_t written = -1;
  do {
    written = write(descriptor_, text.data(), text.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(text.size())) return;
  std::perror("ledger");
  std::abort();
}

}  // namespace daffi::tests
