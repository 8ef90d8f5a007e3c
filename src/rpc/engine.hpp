/// @file  Engine: how the threads of a node meet its connection: who reads, who waits, who runs callbacks.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "net/loop.hpp"

namespace daffi::session {
class Channel;
}

namespace daffi::rpc {

/// Something that ends once and may be waited for. The state word is also a futex. Threads: any.
class Completion {
 public:
  bool done() const { return (state.load(std::memory_order_acquire) & kDone) != 0; }

  static constexpr std::uint32_t kDone = 1, kSleepers = 2, kPromoted = 4;
  std::atomic<std::uint32_t> state{0};
  Completion* next_follower = nullptr;  ///< list of the engine's followers, under its mutex
  Completion* previous_follower = nullptr;
};

/// One piece of work for the handler threads. Owned by the run queue from submit() until it has run.
class Work {
 public:
  virtual ~Work() = default;
  /// Runs and disposes of itself. `last`: nothing else waits in the queue, so replies need not be corked.
  virtual void run(bool last) = 0;
  Work* next = nullptr;
};

/// Counters. Value.
struct EngineStats {
  std::size_t threads = 0, running = 0, queued = 0;
};

/// Threads: any, unless said otherwise.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Begins and ends the care for a connection: readiness is watched, frames are read by whoever is woken. At most one
  /// at a time. After detach() no thread is inside the channel on the engine's behalf. Strand: the loop's thread.
  virtual void attach(std::shared_ptr<session::Channel> channel) = 0;
  virtual void detach() = 0;

  /// Blocks until `what` is done or the deadline passes; true when done. Reads frames for everybody meanwhile.
  virtual bool wait(Completion& what, base::Deadline deadline) = 0;
  /// Marks done and wakes whoever waits. `what` may be gone as soon as this begins to return.
  virtual void finish(Completion& what) = 0;

  /// Queues work. False: the queue or the pool is full, the work is not taken. Work queued by
  /// the reading thread is run by it, when it is a handler thread, once it has finished reading.
  virtual bool submit(Work& work) = 0;
  /// The same, never refused: for continuations of work already accepted.
  virtual void submit_always(Work& work) = 0;
  /// Called after a batch of submits: makes sure that somebody runs them.
  virtual void kick() = 0;

  /// True on a thread that is running a callback of this engine.
  virtual bool in_handler() const = 0;
  /// True when all threads that may run callbacks are inside one and none makes progress.
  virtual bool saturated() const = 0;
  /// Ends the handler threads; running work is waited for, at most until `deadline`. Work still queued is disposed of.
  virtual void stop(base::Deadline deadline) = 0;
  virtual EngineStats stats() const = 0;
};

}  // namespace daffi::rpc
