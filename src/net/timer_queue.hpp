/// @file  TimerQueue: tasks ordered by the time they are due, then by when they were made.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "net/loop.hpp"

namespace daffi::net {

/// Threads: those of its owner.
class TimerQueue {
 public:
  TimerId add(base::SteadyTime at, std::function<void()> task);
  /// Harmless for an id that has run or was cancelled.
  void cancel(TimerId id);
  /// When the first is due.
  std::optional<base::SteadyTime> next() const;
  /// Takes out the first one due at `now`, made before `limit`; an empty function when there is none.
  std::function<void()> take_due(base::SteadyTime now, TimerId limit = ~TimerId{0});
  /// The id the next timer will get: what is made from now on is not below it.
  TimerId next_id() const { return last_id_ + 1; }
  std::size_t size() const { return tasks_.size(); }
  void clear();

 private:
  struct Entry {
    base::SteadyTime at;
    TimerId id;
  };
  static bool later(const Entry& a, const Entry& b) { return a.at != b.at ? a.at > b.at : a.id > b.id; }
  void drop_cancelled();

  std::vector<Entry> heap_;  ///< cancelled entries stay until they surface or outnumber the others
  std::unordered_map<TimerId, std::function<void()>> tasks_;
  TimerId last_id_ = 0;
};

}  // namespace daffi::net
