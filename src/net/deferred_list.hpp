/// @file  DeferredList: the Deferred of one round, each at most once.
#pragma once

#include <vector>

#include "net/loop.hpp"

namespace daffi::net {

/// Strand: the loop's thread.
class DeferredList {
 public:
  void add(Deferred& deferred);
  void remove(Deferred& deferred);
  bool empty() const { return waiting_.empty(); }
  /// Runs those that were added before; what they add waits for the next call. False when there was nothing.
  bool run();

 private:
  std::vector<Deferred*> waiting_;
  std::vector<Deferred*> running_;  ///< the batch in hand; entries become null when run or removed
};

}  // namespace daffi::net
