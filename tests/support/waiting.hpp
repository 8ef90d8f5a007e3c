/// @file  Waiting until a process has announced a callback.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <daffi/global.hpp>
#include <string>
#include <thread>

namespace daffi::tests {

/// A process is seen before the callbacks that it registers after its start. Fails the test after 10 s.
inline void wait_until_registered(const Global& g, const std::string& process, const std::string& callback) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (;;) {
    const auto all = g.registered_callbacks();
    const auto found = all.find(process);
    if (found != all.end() && std::ranges::count(found->second, callback) == 1) return;
    ASSERT_LT(std::chrono::steady_clock::now(), until) << process << " has not announced " << callback;
    std::this_thread::yield();
  }
}

}  // namespace daffi::tests
