/// @file  Services: what a process of the fault cases offers, each call entered in its ledger before anything else.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "daffi/daffi.hpp"
#include "faults/ledger.hpp"

namespace daffi::tests {

/// Value.
struct ServiceOptions {
  /// What becomes of the callback "work", again and again: "replace" it by another of its name, or "remove" it and put
  /// it back after a while. Empty: it stays.
  std::string changes = {};
  std::chrono::microseconds pause{0};  ///< before each page that is taken
};

/// Resource. Threads: any.
class Services {
 public:
  Services(Global& g, Ledger& ledger, ServiceOptions options);
  ~Services();
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

 private:
  Registration offer_work();
  std::string hold(CallContext& context, const std::string& id);
  Generator<int> count(std::string id, int items);
  void change_work();
  bool wait(std::chrono::microseconds time);

  Global& g_;
  Ledger& ledger_;
  const ServiceOptions options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool released_ = false;
  bool stopping_ = false;
  Registration work_;
  std::thread changing_;
};

}  // namespace daffi::tests
