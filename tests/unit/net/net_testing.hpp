/// @file  What the tests of net share: a loop run until something holds, streams of socket pairs, temporary folders.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "net/epoll_loop.hpp"
#include "net/fd_stream.hpp"

namespace daffi::net::testing {

/// The result's value, or the end of the test's process with the failure's words.
template <typename T>
T must(base::Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.failure().message;
    std::abort();
  }
  return std::move(result).value();
}

/// Runs rounds until `holds`, or until a deadline no healthy machine reaches, when it returns false.
inline bool run_until(EpollLoop& loop, const std::function<bool()>& holds) {
  const auto end = loop.clock().now() + std::chrono::seconds(20);
  while (!holds()) {
    if (loop.clock().now() > end) return false;
    loop.run_once(std::chrono::milliseconds(50));
  }
  return true;
}

/// A folder of its own, gone with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "daffi-net-").string() + std::string(6, 'X');
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Counts what it is told.
struct Recorder final : Watcher {
  void on_ready(Ready ready) override {
    ++calls;
    readable += ready.readable ? 1 : 0;
    writable += ready.writable ? 1 : 0;
    if (then) then(ready);
  }
  int calls = 0;
  int readable = 0;
  int writable = 0;
  std::function<void(Ready)> then;
};

struct DescriptorPair {
  Descriptor a, b;
};

inline DescriptorPair make_unix_pair() {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

inline IoResult write_text(Stream& stream, std::string_view text) {
  const iovec part{const_cast<char*>(text.data()), text.size()};
  return stream.write({&part, 1});
}

/// Everything there is to read now; `last` gets the status that ended it.
inline std::string read_all(Stream& stream, IoStatus* last = nullptr) {
  std::string text;
  std::byte buffer[4096];
  for (;;) {
    const IoResult result = stream.read(buffer);
    if (result.status != IoStatus::ok) {
      if (last != nullptr) *last = result.status;
      return text;
    }
    text += base::as_text({buffer, result.bytes});
  }
}

}  // namespace daffi::net::testing
