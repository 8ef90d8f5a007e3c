/// @file  TaskWork: a function as work for the handler threads.
#pragma once

#include <functional>
#include <memory>

#include "rpc/engine.hpp"

namespace daffi::rpc {

/// Made with new, disposes of itself. An engine that stops runs it all the same, on the thread that stops it: it may be
/// what a suspended coroutine waits for, which would stay suspended for ever.
class TaskWork final : public Work {
 public:
  explicit TaskWork(std::function<void()> task) : task_(std::move(task)) {}
  void run(bool) override {
    const std::unique_ptr<TaskWork> self(this);
    task_();
  }
  void discard() override { run(true); }

 private:
  std::function<void()> task_;
};

inline TaskWork* make_task(std::function<void()> task) { return new TaskWork(std::move(task)); }

}  // namespace daffi::rpc
