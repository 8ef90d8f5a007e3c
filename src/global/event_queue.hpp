/// @file  EventQueue: runs lifecycle hooks one after the other, away from the core's threads.
#pragma once

#include <functional>
#include <memory>

#include "net/loop.hpp"

namespace daffi::global_ {

/// Threads: any.
class EventQueue {
 public:
  virtual ~EventQueue() = default;
  /// Runs `event` after those before it. Events must not throw.
  virtual void post(std::function<void()> event) = 0;
  /// Runs what has been posted and takes nothing more. Blocks until then, except inside an event.
  virtual void finish() = 0;
  /// True inside an event of this queue.
  virtual bool running_here() const = 0;
};

/// A thread ("daffi-events") that exists from the first event on.
std::unique_ptr<EventQueue> make_threaded_events();
/// Tasks of a loop that is moved by hand.
std::unique_ptr<EventQueue> make_virtual_events(net::Loop& loop);

}  // namespace daffi::global_
