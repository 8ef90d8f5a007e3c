/// @file  Starts real programs for tests, follows what they print, and never leaves one behind.
#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

extern char** environ;

namespace daffi::tests {
namespace {

std::filesystem::path build_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

std::vector<std::string> changed_environment(const Process::Environment& changes) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!changes.contains(std::string(text.substr(0, text.find('='))))) result.emplace_back(text);
  }
  for (const auto& [name, value] : changes) {
    if (!value.empty()) result.push_back(name + "=" + value);
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
  return {ends[0], ends[1]};
}

// The mask of caught signals stands in the status file as hexadecimal digits.
bool catches(pid_t pid, int signal) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  constexpr std::string_view label = "SigCgt:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(label)) return (std::stoull(line.substr(label.size()), nullptr, 16) >> (signal - 1) & 1) != 0;
  }
  return false;
}

// Runs in the child between fork and exec, where only async-signal-safe functions may be called.
[[noreturn]] void become(const char* program, char** arguments, char** environment, int output, int error) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDONLY);
  if (dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(error, 2) < 0) _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // A program says that it is ready a moment before it waits for signals: until it does they stay pending.
  sigset_t waited_for;
  sigemptyset(&waited_for);
  sigaddset(&waited_for, SIGTERM);
  sigaddset(&waited_for, SIGINT);
  sigaddset(&waited_for, SIGUSR1);  // also by threads that a preloaded library begins
  sigprocmask(SIG_SETMASK, &waited_for, nullptr);
  execve(program, arguments, environment);
  _exit(127);
}

}  // namespace

std::filesystem::path example(std::string_view name) { return build_folder() / "examples" / name; }

std::filesystem::path program(std::string_view name) { return build_folder() / "programs" / name; }

std::filesystem::path module_file(std::string_view name) {
  return build_folder() / "modules" / (std::string(name) + ".so");
}

std::filesystem::path daffi_command() { return build_folder() / "bin" / "daffi"; }

Process::Process(const std::filesystem::path& program, std::vector<std::string> arguments, const Environment& changes)
    : name_(program.filename()) {
  if (access(program.c_str(), X_OK) != 0) fail(program);
  arguments.insert(arguments.begin(), program);
  std::vector<std::string> environment = changed_environment(changes);
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> environment_pointers = pointers(environment);
  const Pipe output = make_pipe();
  const Pipe error = make_pipe();
  pid_ = fork();
  if (pid_ == 0) {
    become(program.c_str(), const_cast<char**>(argument_pointers.data()),
           const_cast<char**>(environment_pointers.data()), output.write_end, error.write_end);
  }
  const int fork_error = errno;
  close(output.write_end);
  close(error.write_end);
  if (pid_ < 0) {
    close(output.read_end);
    close(error.read_end);
    errno = fork_error;
    fail("fork");
  }
  output_.descriptor = output.read_end;
  error_.descriptor = error.read_end;
  follower_ = std::thread([this] { follow(); });
}

Process::~Process() {
  send(SIGKILL);
  follower_.join();
}

void Process::send(int signal) const {
  const std::scoped_lock lock(mutex_);
  if (!exit_) kill(pid_, signal);  // once it is reaped, the number may belong to somebody else
}

void Process::wait_for_handler(int signal, std::chrono::milliseconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!catches(pid_, signal)) {
    const std::scoped_lock lock(mutex_);
    if (exit_ || std::chrono::steady_clock::now() > end) {
      throw std::runtime_error(name_ + " set no handler for signal " + std::to_string(signal) + "; " +
                               everything_said());
    }
    std::this_thread::yield();
  }
}

std::string Process::wait_for_line(std::string_view text, std::chrono::milliseconds limit) {
  return wait_in(output_, text, limit);
}

std::string Process::wait_for_error_line(std::string_view text, std::chrono::milliseconds limit) {
  return wait_in(error_, text, limit);
}

Exit Process::wait_for_exit(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, limit, [this] { return exit_.has_value(); })) {
    throw std::runtime_error(name_ + " did not end in time; " + everything_said());
  }
  return *exit_;
}

std::vector<std::string> Process::lines() const {
  const std::scoped_lock lock(mutex_);
  return output_.lines;
}

std::vector<std::string> Process::error_lines() const {
  const std::scoped_lock lock(mutex_);
  return error_.lines;
}

// The follower: reads both outputs to their ends, then waits for the process, so that an exit comes after all lines.
void Process::follow() {
  bool output_open = true;
  bool error_open = true;
  while (output_open || error_open) {
    std::array<pollfd, 2> polled{
        {{output_open ? output_.descriptor : -1, POLLIN, 0}, {error_open ? error_.descriptor : -1, POLLIN, 0}}};
    if (poll(polled.data(), polled.size(), -1) < 0) continue;
    if (polled[0].revents != 0) output_open = read_some(output_);
    if (polled[1].revents != 0) error_open = read_some(error_);
  }
  close(output_.descriptor);
  close(error_.descriptor);
  // First seen, then reaped under the lock: send() must not meet a number that is free again.
  siginfo_t seen{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  const std::scoped_lock lock(mutex_);
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_ = WIFSIGNALED(status) ? Exit{-1, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
  changed_.notify_all();
}

// Returns whether more may come.
bool Process::read_some(Output& output) {
  std::array<char, 4096> buffer;
  const ssize_t count = read(output.descriptor, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR;
  const std::scoped_lock lock(mutex_);
  for (const char c : std::string_view(buffer.data(), static_cast<std::size_t>(count))) {
    if (c == '\n') {
      output.lines.push_back(std::exchange(output.unfinished, {}));
    } else {
      output.unfinished.push_back(c);
    }
  }
  if (count == 0 && !output.unfinished.empty()) output.lines.push_back(std::exchange(output.unfinished, {}));
  changed_.notify_all();
  return count > 0;
}

std::optional<std::string> Process::take_line(Output& output, std::string_view text) {
  while (output.given_out < output.lines.size()) {
    const std::string& line = output.lines[output.given_out++];
    if (line.find(text) != std::string::npos) return line;
  }
  return std::nullopt;
}

std::string Process::wait_in(Output& output, std::string_view text, std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  std::optional<std::string> line;
  changed_.wait_for(lock, limit, [&] { return (line = take_line(output, text)) || exit_; });
  if (!line) {
    throw std::runtime_error(name_ + (exit_ ? " ended" : " went on") + " without saying '" + std::string(text) + "'; " +
                             everything_said());
  }
  return *line;
}

std::string Process::everything_said() const {
  std::string text = "it said:\n";
  for (const std::string& line : output_.lines) text += "  " + line + "\n";
  text += "and on standard error:\n";
  for (const std::string& line : error_.lines) text += "  " + line + "\n";
  return text;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern =
      std::filesystem::temp_directory_path() / ("daffi-test-" + std::string(6, 'X'));  // mkdtemp's mark
  if (mkdtemp(pattern.data()) == nullptr) fail("mkdtemp");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace daffi::tests
