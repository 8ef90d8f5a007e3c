/// @file  How the core starts its threads: named, and with every signal blocked, so that signals stay with the
/// application's own threads.
#pragma once

#include <csignal>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace daffi::base {

/// Blocks all signals in this thread for a scope; a thread started meanwhile inherits that and keeps it.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// Names the calling thread in ps, top and debuggers; the system keeps the first 15 characters.
void set_thread_name(const std::string& name);

/// Runs `fn` in a new thread of that name, all signals blocked. Threads: any. Throws std::system_error when the system
/// gives no more threads; for a thread one can do without, use try_spawn.
template <typename Fn>
std::thread spawn(std::string name, Fn fn) {
  const SignalsBlocked blocked;
  return std::thread([name = std::move(name), fn = std::move(fn)]() mutable {
    set_thread_name(name);
    fn();
  });
}

/// The same, but the thread is not joinable when the system refused it.
template <typename Fn>
std::thread try_spawn(std::string name, Fn fn) {
  try {
    return spawn(std::move(name), std::move(fn));
  } catch (const std::system_error&) {
    return {};
  }
}

}  // namespace daffi::base
