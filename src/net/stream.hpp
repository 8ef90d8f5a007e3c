/// @file  Stream: a connected, ordered, reliable stream of bytes that never blocks: tcp, unix, tls or memory.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.hpp"
#include "net/loop.hpp"

namespace daffi::net {

enum class IoStatus : std::uint8_t {
  ok,           ///< `bytes` were moved, at least one
  would_block,  ///< nothing now; readiness is reported
  closed,       ///< the peer ended the stream in order (reading only)
  failed        ///< broken, `error` is the errno (TLS failures: EPROTO)
};

struct IoResult {
  IoStatus status = IoStatus::would_block;
  std::size_t bytes = 0;
  int error = 0;
};

/// Who is at the other end, as far as the transport itself can vouch for it. Value.
struct PeerInfo {
  enum class Transport : std::uint8_t { tcp, unix_socket, memory };
  Transport transport = Transport::memory;
  std::string address;               ///< for log lines: "127.0.0.1:40112", "unix", "memory"
  bool same_host = false;            ///< loopback address, UNIX socket or memory
  std::optional<std::uint32_t> uid;  ///< SO_PEERCRED, UNIX sockets only
  bool tls = false;
  bool certificate_verified = false;  ///< the peer showed a certificate that passed (pinned, or by the CA)
  std::string certificate_name;       ///< its subject's common name or first DNS name
};

/// Threads: one reader and one writer at a time, possibly different threads; watch() and unwatch() on the loop's
/// thread, not while another thread writes; close() any thread, after which both sides fail (the descriptor itself
/// lives until destruction, so that no other file can take its number meanwhile).
class Stream {
 public:
  virtual ~Stream() = default;

  virtual IoResult read(base::MutableBytes into) = 0;
  /// May take fewer bytes than given; what it took it delivers, as flush() and further writes are called.
  virtual IoResult write(std::span<const iovec> parts) = 0;
  /// Pushes on what a layer inside still holds (TLS records): ok when nothing is left, would_block when readiness to
  /// write must be waited for.
  virtual IoResult flush() { return {IoStatus::ok, 0, 0}; }
  /// Whether more bulk may be written now: not when so much is unsent that small frames behind it would wait for long.
  /// When false, readiness to write is reported once there is room. Thread: the writer's.
  virtual bool has_bulk_room() { return true; }
  /// True when read() may have bytes that no readiness event will announce (TLS: decrypted, not yet taken).
  virtual bool has_pending_input() const { return false; }
  virtual void close() = 0;
  /// What a `failed` means that an errno does not explain (TLS); an empty message otherwise.
  virtual base::Failure failure() const { return {}; }

  /// Reports readiness on `loop`'s thread until unwatch(); reports once at the start if there is anything to report.
  virtual base::Result<void> watch(Loop& loop, Watcher& watcher) = 0;
  virtual void unwatch() = 0;
  /// The descriptor behind it, to be waited for by other means after unwatch(); -1 in memory.
  virtual int fd() const = 0;
  virtual const PeerInfo& peer() const = 0;
};

}  // namespace daffi::net
