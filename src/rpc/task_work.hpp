/// @file  TaskWork: a function as work for the handler threads.
#pragma once

#include <functional>
#include <memory>

#include "rpc/engine.hpp"

namespace daffi::rpc {

/// Made with new, disposes of itself. Discarded, it is destroyed unrun.
class TaskWork final : public Work {
 public:
  explicit TaskWork(std::function<void()> task) : task_(std::move(task)) {}
  void run(bool) override {
    const std::unique_ptr<TaskWork> self(this);
    task_();
  }
  void discard() override { delete this; }

 private:
  std::function<void()> task_;
};

inline TaskWork* make_task(std::function<void()> task) { return new TaskWork(std::move(task)); }

}  // namespace daffi::rpc
