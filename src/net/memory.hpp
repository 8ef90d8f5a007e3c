/// @file  Memory streams: two ends in one process, with the faults a network has, for tests.
#pragma once

#include <memory>
#include <utility>

#include "net/endpoint.hpp"

namespace daffi::net {

/// The wire between two memory streams, to be broken by tests. Threads: any.
class MemoryLink {
 public:
  virtual ~MemoryLink() = default;
  virtual void cut() = 0;                            ///< both ends see the stream closed, as after kill -9
  virtual void stall(bool a_to_b, bool b_to_a) = 0;  ///< bytes are kept back unreported; false lets them go on
  virtual std::size_t in_flight() const = 0;         ///< bytes written and not yet read
};

struct MemoryPair {
  std::unique_ptr<Stream> a, b;
  std::shared_ptr<MemoryLink> link;
};

/// `capacity` bytes per direction fit before write() would block.
MemoryPair make_memory_pair(std::size_t capacity = 1 << 20);

/// A place in memory where a controller listens and nodes connect, without any port. Threads: the loop's.
class MemoryHub {
 public:
  explicit MemoryHub(Loop& loop);
  ~MemoryHub();
  /// Streams of later connections go to `on_stream`; nullptr: nobody listens, connecting fails.
  void listen(Listener::OnStream on_stream);
  /// A connector of this hub; `on_link` sees the link of each connection it makes.
  std::unique_ptr<Connector> connector(std::function<void(std::shared_ptr<MemoryLink>)> on_link = {});

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace daffi::net
