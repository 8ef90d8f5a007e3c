/// @file  Newcomer: an accepted connection until its first byte has told TLS from native, and TLS is done.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log_quota.hpp"
#include "net/endpoint.hpp"
#include "net/fd_stream.hpp"
#include "net/tls_stream.hpp"

namespace daffi::net {

/// Strand: the loop's thread.
class Newcomer final : public Watcher {
 public:
  /// Called once, as the last thing done: the stream, or null when the connection came to nothing. May destroy the
  /// newcomer.
  using Done = std::function<void(std::unique_ptr<Stream>)>;

  /// Refers to `quota`, the listener's: what strangers do wrong is logged a few times only.
  Newcomer(Loop& loop, Descriptor socket, const ListenOptions& options, base::LogQuota& quota, Done done);
  ~Newcomer();
  Newcomer(const Newcomer&) = delete;
  Newcomer& operator=(const Newcomer&) = delete;
  /// False when the loop cannot watch it: then `done` is never called.
  bool start();
  /// Where it comes from, as host_of() says it.
  const std::string& host() const { return host_; }

 private:
  void on_ready(Ready ready) override;
  void sniff();
  void begin_tls();
  void go_on_with_tls();
  void refuse(const std::string& why);
  void finish(std::unique_ptr<Stream> stream);

  Loop& loop_;
  const std::shared_ptr<const TlsContext> context_;
  const base::Duration time_limit_;
  Done done_;
  Timer timer_;
  base::LogQuota& quota_;
  std::unique_ptr<Stream> plain_;
  const std::string host_;
  std::unique_ptr<TlsStream> tls_;
};

}  // namespace daffi::net
