/// @file  DirectoryWaits: what is to happen once something about the directory is true.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/annotations.hpp"

namespace daffi::node {

/// Each wait ends once: handed out, or forgotten. Checks run without a lock, on the thread that adds or takes, and
/// perhaps on two at once. Threads: any.
class DirectoryWaits {
 public:
  static constexpr std::size_t kMaxWaits = 1u << 16;
  using Check = std::function<bool()>;
  using Done = std::function<void()>;

  /// 0: there are too many, nothing was added.
  std::uint64_t add(Check check, Done done);
  /// False: it was handed out already.
  bool forget(std::uint64_t id);
  /// Evaluates every check; the waits whose check held, now or when they were added, in the order they came.
  std::vector<Done> take_due();

 private:
  struct Wait {
    Check check;
    Done done;
    bool due = false;  ///< guarded by mutex_
  };

  base::Mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<Wait>> waits_ DAFFI_GUARDED_BY(mutex_);
  std::uint64_t next_id_ DAFFI_GUARDED_BY(mutex_) = 1;
};

}  // namespace daffi::node
