/// @file  What a failure is called when something of the call has run already.
#pragma once

#include "base/result.hpp"

namespace daffi::base {

/// The same failure by a code that does not say "certainly not run". Its text stays. For calls of many parts: of one
/// part it may be true, of the whole call it is not once another part has run. Threads: any.
Failure after_running(Failure failure);

}  // namespace daffi::base
