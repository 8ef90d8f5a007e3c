/// @file  Endpoint: where a controller listens and a node connects. Connector and Listener: how.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"

namespace daffi::net {

/// Value.
struct Endpoint {
  enum class Kind : std::uint8_t { tcp, unix_socket };
  Kind kind = Kind::unix_socket;
  std::string host;               ///< tcp
  std::uint16_t port = 0;         ///< tcp; 0: any free one (listening only)
  std::string folder;             ///< unix: the folder that holds ".sock"; empty: <temp dir>/daffi
  std::string to_string() const;  ///< "localhost:8888", "unix:/tmp/daffi/.sock"
  std::string socket_path() const;
};

/// Makes connections, one at a time. Strand: the loop's thread.
class Connector {
 public:
  using Done = std::function<void(base::Result<std::unique_ptr<Stream>>)>;
  virtual ~Connector() = default;
  /// Resolves, connects and, with TLS, shakes hands; calls `done` exactly once on the loop's thread, never before
  /// connect() returned, at the deadline at the latest. Nothing blocks the loop (names are resolved on a thread).
  virtual void connect(base::Deadline deadline, Done done) = 0;
  /// Gives up; `done` is not called any more.
  virtual void cancel() = 0;
  virtual std::string target() const = 0;  ///< for log lines
};

/// `tls` may be null.
std::unique_ptr<Connector> make_connector(Loop& loop, Endpoint endpoint, std::shared_ptr<const TlsContext> tls);

/// Accepts connections until destroyed. Strand: the loop's thread.
class Listener {
 public:
  /// A connection ready for its first frame; TLS, where the peer began it, is done (peer().tls tells).
  using OnStream = std::function<void(std::unique_ptr<Stream>)>;
  virtual ~Listener() = default;
  /// Where it really listens: the port that was free, the socket's path.
  virtual const Endpoint& endpoint() const = 0;
};

struct ListenOptions {
  std::shared_ptr<const TlsContext> tls;  ///< null: a TLS hello is refused with one log line
  base::Duration tls_handshake_timeout = std::chrono::seconds(5);
  std::size_t max_handshaking = 1024;             ///< connections inside sniffing or TLS; more are closed
  std::size_t max_handshaking_per_address = 512;  ///< of these; not of UNIX sockets
};

/// Binds and listens before it returns. The first byte tells TLS (0x16) from native. Failure: initialization, naming
/// the address and why (taken, not permitted, folder not ours, …).
base::Result<std::unique_ptr<Listener>> listen(Loop& loop, const Endpoint& endpoint, ListenOptions options,
                                               Listener::OnStream on_stream);

}  // namespace daffi::net
