/// @file  Starts real programs for tests, follows what they print, and never leaves one behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace daffi::tests {

/// Far longer than anything takes, sanitizers on a busy machine included; only a broken program gets there.
inline constexpr std::chrono::seconds patience{60};

/// Path of examples/NAME of the build this test belongs to.
std::filesystem::path example(std::string_view name);

/// Path of a program that only tests start, tests/programs/NAME.cpp, of the build this test belongs to.
std::filesystem::path program(std::string_view name);

/// Path of a module that tests send about, tests/modules/NAME.cpp, of the build this test belongs to.
std::filesystem::path module_file(std::string_view name);

/// Path of the `daffi` command of the build this test belongs to.
std::filesystem::path daffi_command();

/// How a program ended.
struct Exit {
  int code = -1;   ///< exit status; -1 when a signal ended it
  int signal = 0;  ///< the signal that ended it; 0 when it exited

  friend bool operator==(const Exit&, const Exit&) = default;
};

/// A running program. It gets an empty standard input; its output is collected line by line, standard error apart.
/// SIGTERM, SIGINT and SIGUSR1 reach it only once it waits for them (Global::join does), however early they are sent.
/// The destructor kills what still runs, and the kernel does when the test itself dies.
/// Threads: any.
class Process {
 public:
  using Environment = std::map<std::string, std::string>;

  /// Starts `program` at once, with `changes` made to our own environment (an empty value removes a variable).
  /// Throws std::system_error when it cannot be started.
  Process(const std::filesystem::path& program, std::vector<std::string> arguments, const Environment& changes = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }

  void send(int signal) const;

  /// Blocks until the program has a handler for this signal, which it then can be sent to be ended politely. Throws
  /// like wait_for_line. Polls: the kernel tells nobody when a handler is set.
  void wait_for_handler(int signal, std::chrono::milliseconds limit = patience) const;

  /// Blocks until a line of standard output contains `text`, and returns the line. Each line is given out once: the
  /// next call looks at the lines after it. Throws std::runtime_error, with everything the program said, when the
  /// program ends or the time passes before.
  std::string wait_for_line(std::string_view text, std::chrono::milliseconds limit = patience);

  /// The same for standard error.
  std::string wait_for_error_line(std::string_view text, std::chrono::milliseconds limit = patience);

  /// Blocks until the program has ended; all its output is there then. Throws like wait_for_line.
  Exit wait_for_exit(std::chrono::milliseconds limit = patience);

  /// Everything printed so far.
  std::vector<std::string> lines() const;
  std::vector<std::string> error_lines() const;

 private:
  struct Output {
    int descriptor = -1;
    std::string unfinished;
    std::vector<std::string> lines;
    std::size_t given_out = 0;  // lines before this one were found, or passed over, by wait_for_line
  };

  void follow();
  bool read_some(Output& output);
  std::optional<std::string> take_line(Output& output, std::string_view text);
  std::string wait_in(Output& output, std::string_view text, std::chrono::milliseconds limit);
  std::string everything_said() const;

  std::string name_;
  pid_t pid_ = -1;
  mutable std::mutex mutex_;  // guards the outputs' lines and exit_
  std::condition_variable changed_;
  Output output_;
  Output error_;
  std::optional<Exit> exit_;
  std::thread follower_;
};

/// A fresh folder, private to this user, removed with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace daffi::tests
