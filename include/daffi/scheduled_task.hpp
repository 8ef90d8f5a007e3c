/// @file  ScheduledTask: what a call by PERIOD gives, and what is told of such tasks. Documentation: 2.15, 4, 7.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "daffi/duration.hpp"
#include "daffi/export.hpp"

namespace daffi::inline v1 {

namespace detail {
class Core;
}

/// What a call by PERIOD gives. Value type: cheap to copy; refers to its Global weakly. Dropping it leaves the task
/// alone. Threads: any.
class ScheduledTask {
 public:
  /// An empty one: not valid().
  ScheduledTask() = default;
  ScheduledTask(std::weak_ptr<detail::Core> core, std::string process_name, std::string func_name, std::string uuid)
      : core_(std::move(core)),
        process_name_(std::move(process_name)),
        func_name_(std::move(func_name)),
        uuid_(std::move(uuid)) {}

  [[nodiscard]] bool valid() const noexcept { return !uuid_.empty(); }
  [[nodiscard]] const std::string& uuid() const { return uuid_; }
  /// The callback's name.
  [[nodiscard]] const std::string& func_name() const { return func_name_; }
  /// The process that runs it.
  [[nodiscard]] const std::string& process_name() const { return process_name_; }
  /// Ends the task: no further run begins, one that goes on comes to its end. False: it had ended already. Blocks;
  /// throws what Global::cancel_scheduled_task_by_uuid throws.
  DAFFI_API bool cancel() const;

 private:
  std::weak_ptr<detail::Core> core_;
  std::string process_name_, func_name_, uuid_;
};

/// A task as the process that runs it tells of it. Value. Documentation: 4, 7.1.5.
struct ScheduledTaskInfo {
  std::string uuid;
  std::string func_name;
  std::string condition;                   ///< "period" or "at_time"
  std::size_t number_of_active_tasks = 0;  ///< at_time: moments still to come
  Duration interval = {};                  ///< period
  std::string scheduler = {};              ///< the process that asked for it
  std::uint64_t runs = 0;                  ///< begun so far
  std::uint64_t skipped = 0;               ///< due, but the run before had not ended, or the callback was not there
};

}  // namespace daffi::inline v1
