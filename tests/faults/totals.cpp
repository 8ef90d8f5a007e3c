/// @file  What all fault cases of a run found together, for its closing lines.
#include "faults/totals.hpp"

#include <gtest/gtest.h>

#include <iostream>

namespace daffi::tests {
namespace {

struct Totals : ::testing::Environment {
  void TearDown() override {
    if (cases == 0) return;
    std::cout << "faults: " << cases << " cases, " << sum.summary() << std::endl;
  }

  std::size_t cases = 0;
  Verdict sum;
};

// Owned by the framework from the moment it is known there.
Totals* const totals = static_cast<Totals*>(::testing::AddGlobalTestEnvironment(new Totals));

}  // namespace

void add_to_totals(const Verdict& verdict) {
  auto& sum = totals->sum;
  ++totals->cases;
  sum.processes += verdict.processes;
  sum.calls += verdict.calls;
  sum.succeeded += verdict.succeeded;
  sum.failed += verdict.failed;
  sum.certainly_not_run += verdict.certainly_not_run;
  sum.executions += verdict.executions;
  sum.items += verdict.items;
  sum.excused += verdict.excused;
  sum.lost += verdict.lost;
  sum.doubled += verdict.doubled;
  sum.overdue += verdict.overdue;
  sum.broken.insert(sum.broken.end(), verdict.broken.begin(), verdict.broken.end());
}

}  // namespace daffi::tests
