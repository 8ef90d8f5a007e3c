/// @file  For programs that hold many nodes: what a Global's options make of a node, without the Global.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "daffi_options.hpp"
#include "global/plan.hpp"

namespace bench {

inline daffi::global_::Plan node_plan(const Options& options, std::string process_name) {
  auto plan = daffi::global_::make_plan(global_options(options, std::move(process_name)));
  if (!plan.ok()) fail(plan.failure().message);
  return std::move(plan).value();
}

inline void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) fail_errno("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) fail_errno("setrlimit");
}

}  // namespace bench
