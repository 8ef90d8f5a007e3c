/// @file  Waiting until the others have heard what a process announces: a callback, or that it takes no more calls.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <daffi/global.hpp>
#include <functional>
#include <string>
#include <thread>

#include "support/process.hpp"

namespace daffi::tests {

/// Looks again and again until `happened`, at most for `patience`; then the test fails with `complaint`.
inline void wait_until(const std::function<bool()>& happened, const std::string& complaint) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!happened()) {
    ASSERT_LT(std::chrono::steady_clock::now(), until) << complaint;
    std::this_thread::yield();
  }
}

/// A process is seen before the callbacks that it registers after its start.
inline void wait_until_registered(const Global& g, const std::string& process, const std::string& callback) {
  const auto registered = [&] {
    const auto all = g.registered_callbacks();
    const auto found = all.find(process);
    return found != all.end() && std::ranges::count(found->second, callback) == 1;
  };
  wait_until(registered, process + " has not announced " + callback);
}

/// A process says that it stops before the others hear of it, and is called until they do.
inline void wait_until_draining(const Global& g, const std::string& process) {
  const auto draining = [&](const Member& member) { return member.process_name == process && member.draining; };
  wait_until([&] { return std::ranges::any_of(g.members(), draining); }, process + " is not draining");
}

}  // namespace daffi::tests
