/// @file  A module: functions that transfer_client sends to another process, which has never heard of them, and runs
/// there.
#include <unistd.h>
#include <daffi/module.hpp>

#include <numeric>
#include <vector>

static int process_id() { return getpid(); }

static double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

DAFFI_MODULE(daffi::export_function<&process_id>(), daffi::export_function<&mean>())
