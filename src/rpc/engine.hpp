/// @file  Engine: how the threads of a node meet its connection: who reads, who waits, who runs callbacks.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/loop.hpp"

namespace daffi::session {
class Channel;
}

namespace daffi::rpc {

/// Something that ends once and may be waited for. The state word is also a futex. Threads: any.
class Completion {
 public:
  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  bool done() const { return (state.load(std::memory_order_seq_cst) & kDone) != 0; }

  static constexpr std::uint32_t kDone = 1, kSleepers = 2, kPromoted = 4;
  std::atomic<std::uint32_t> state{0};
};

/// One piece of work for the handler threads. Owned by the run queue from submit() until one of the two was called.
class Work {
 public:
  virtual ~Work() = default;
  /// Runs, and disposes of itself. `last`: nothing else, or something heavy, is next in the queue, so what it sends is
  /// not corked.
  virtual void run(bool last) = 0;
  /// Every handler thread is stuck: answers that and disposes of itself, or (false) prefers to wait.
  virtual bool refuse() { return false; }
  /// Disposes of itself unrun: the engine was stopped.
  virtual void discard() = 0;
  Work* next = nullptr;
  bool heavy = false;  ///< takes long for certain, by its large arguments: others take over what waits behind it
};

/// Bounds. Value.
struct EngineOptions {
  std::size_t handler_threads = 512;  ///< threads inside callbacks; one more always remains to read
  std::size_t max_queued = 1u << 16;  ///< work that waits; more is refused
  base::Duration busy_poll{0};        ///< a waiting caller spins this long before it sleeps
};

/// Counters. Value.
struct EngineStats {
  std::size_t threads = 0, running = 0, queued = 0;
  bool input_left_to_callers = false;  ///< handler threads are not woken for it just now
};

/// Threads: any, unless said otherwise.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Begins and ends the care for a connection: it is read by whoever is woken. At most one at a time; detach() does
  /// not wait for threads that are reading, they keep the channel alive. Strand: the loop's thread.
  virtual base::Result<void> attach(std::shared_ptr<session::Channel> channel) = 0;
  virtual void detach() = 0;
  /// The attached channel's socket is full: its on_writable() is called once it takes bytes again.
  virtual void want_writable() = 0;
  /// Something was corked by a thread that may not wait soon: the channel is flushed within about 100 µs; within 1 ms
  /// where threads have lately flushed by themselves.
  virtual void flush_soon() = 0;

  /// Blocks until `what` is done or the deadline passes; true when done. Reads frames for everybody meanwhile.
  virtual bool wait(Completion& what, base::Deadline deadline) = 0;
  /// Marks done and wakes whoever waits. `what` may be gone once it is marked.
  virtual void finish(Completion& what) = 0;

  /// Queues work. False: the queue is full, or every handler thread is taken and stuck; the work is not taken.
  virtual bool submit(Work& work) = 0;
  /// The same for a list (by Work::next), in order; returns the rest of it that was not taken.
  virtual Work* submit_list(Work* first) {
    while (first != nullptr) {
      Work* next = first->next;
      if (!submit(*first)) return first;
      first = next;
    }
    return nullptr;
  }
  /// The same, never refused: for continuations of work already accepted. After stop() it is discarded.
  virtual void submit_always(Work& work) = 0;
  /// Called after a batch of submits: makes sure that somebody runs them.
  virtual void kick() = 0;

  /// True on a thread that is running a callback of this engine.
  virtual bool in_handler() const = 0;
  /// Ends the handler threads. Running work is waited for until `deadline` (never for the calling thread's own), work
  /// still queued is discarded.
  virtual void stop(base::Deadline deadline) = 0;
  virtual EngineStats stats() const = 0;
};

}  // namespace daffi::rpc
