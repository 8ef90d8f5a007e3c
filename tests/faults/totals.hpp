/// @file  What all fault cases of a run found together, for its closing lines.
#pragma once

#include "faults/checker.hpp"

namespace daffi::tests {

/// Once per judged case. Threads: the test's.
void add_to_totals(const Verdict& verdict);

}  // namespace daffi::tests
