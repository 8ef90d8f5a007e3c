/// @file  ChaosProxy: a bad network between two processes, as bad as the test says at the moment.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace daffi::tests {

/// From who connects to who listens, or back.
enum class Way { up, down };

/// What happens to bytes that go one way. Value.
struct Weather {
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds jitter{0};  ///< up to this much more, at random; order is kept
  bool stalled = false;                 ///< nothing arrives until this ends: what a cable that is pulled does to TCP
  bool swallowed = false;               ///< bytes vanish, and all that follow on the same connection: TCP has no holes
  std::size_t bytes_per_second = 0;     ///< 0: as fast as they come
};

/// A path of a UNIX socket, or a TCP port of this host (0 to listen on a free one).
using Place = std::variant<std::filesystem::path, std::uint16_t>;

/// Listens at one place and connects whoever comes to the other. What it is told holds at once, for connections that
/// stand and for those to come. It keeps at most a MiB per connection and way, and reads no more then.
/// Resource. Threads: any; it has one of its own.
class ChaosProxy {
 public:
  /// Throws std::system_error when it cannot listen.
  ChaosProxy(const Place& here, const Place& there);
  ~ChaosProxy();
  ChaosProxy(const ChaosProxy&) = delete;
  ChaosProxy& operator=(const ChaosProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  void set(Way way, const Weather& weather);
  void set(const Weather& both) {
    set(Way::up, both);
    set(Way::down, both);
  }
  /// Inverts a bit of the next byte that goes this way.
  void flip_a_bit(Way way);
  /// Ends one way of every connection that stands, behind what it still holds: the other way stays open.
  void half_close(Way way);
  /// The listening side is told that every standing connection has ended; the connecting side hears nothing at all,
  /// ever.
  void half_open();
  /// Closes every connection that stands, on both sides.
  void cut();
  /// Whether newcomers are turned away.
  void refuse(bool yes);

  /// Since it was made.
  [[nodiscard]] std::uint64_t connections() const;
  [[nodiscard]] std::uint64_t bytes(Way way) const;

 private:
  class Impl;
  void in_thread(const std::function<void()>& task) const;

  std::unique_ptr<Impl> impl_;
};

}  // namespace daffi::tests
