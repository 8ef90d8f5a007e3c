/// @file  One task of Schedules. Only for its own .cpp files.
#pragma once

#include "rpc/schedules.hpp"

namespace daffi::rpc {

/// Strand: under the mutex of its Schedules, but for what is const.
struct Schedules::Task {
  explicit Task(TaskRecord task_record)
      : arguments(std::make_shared<const std::vector<std::byte>>(std::move(task_record.arguments))),
        record(std::move(task_record)) {}

  bool periodic() const { return record.interval != 0; }
  base::Duration interval() const { return base::Duration(record.interval); }
  base::WallTime next_moment() const { return base::WallTime(base::Duration(record.at[progress.started])); }
  std::size_t remaining() const { return record.at.size() - progress.started; }

  const std::shared_ptr<const std::vector<std::byte>> arguments;
  const TaskRecord record;  ///< its arguments are moved out
  TaskProgress progress;
  base::SteadyTime due;  ///< of an interval the next run, of moments the next try to commit one
  std::size_t running = 0;
  bool committing = false;  ///< a handler thread is about to begin runs
  bool failed = false;      ///< the last commit did not succeed: `due` says when the next may
  bool over = false;        ///< not in the table any more
};

}  // namespace daffi::rpc
