/// @file  ScheduleStore: where scheduled tasks survive their process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "rpc/schedule_messages.hpp"

namespace daffi::rpc {

/// What has returned successfully is on disk. Every member blocks on the disk. A failure (system) names the file, and
/// leaves the store as it was before. Threads: any.
class ScheduleStore {
 public:
  struct Stored {
    TaskRecord record;
    TaskProgress progress;
  };
  struct Contents {
    std::vector<Stored> tasks;
    std::vector<std::string> ended;  ///< ids, the oldest first
  };

  virtual ~ScheduleStore() = default;
  virtual base::Result<Contents> load() = 0;
  virtual base::Result<void> add(const TaskRecord& record) = 0;
  /// Of a task that is not there (any more): nothing happens.
  virtual base::Result<void> set_progress(const std::string& uuid, const TaskProgress& progress) = 0;
  /// The task goes; that there was one is remembered.
  virtual base::Result<void> end(const std::string& uuid) = 0;
};

/// Where and how much. Value.
struct StoreOptions {
  std::string file;
  std::string process_name;           ///< whose tasks they are
  std::size_t kept_ended = 10'000;    ///< ids of tasks that are over
  std::size_t max_bytes = 256 << 20;  ///< of the file
};

/// Opens the file (SQLite), or makes it, and checks it whole; until the store is destroyed no other process can have
/// it. The folder is ours (net::make_private_folder). Failure: initialization, naming the file and what is wrong with
/// it: damaged, in use, of another program, of another process. Threads: any.
base::Result<std::unique_ptr<ScheduleStore>> open_schedule_store(const StoreOptions& options);

}  // namespace daffi::rpc
