/// @file  What handlers know of the Global they belong to: its Core, and whom it trusts.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "daffi/detail/core.hpp"
#include "values.hpp"

namespace daffi::python {

/// Where a Global's Core is found by its handlers: set once the Global is there, empty once it is gone. Threads: any.
struct Home {
  std::atomic<detail::Core*> core{nullptr};
};

/// Values for one process. The arguments outlive it.
Destination to_process(const Home& home, const std::string& process);
/// Whoever holds a callback, or the one receiver. Refers to all it is made of.
struct Holders {
  const Home& home;
  const std::string& callback;
  const std::string& receiver;
};
/// Values for them. The argument outlives it: so small that making one allocates nothing.
Destination to_holders(const Holders& holders);
/// Values that a process sent.
Origin from_process(const Home& home, const std::string& process);
Origin from_member(const Home& home, std::uint32_t member);

}  // namespace daffi::python
