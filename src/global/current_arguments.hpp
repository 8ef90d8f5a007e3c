/// @file  The arguments of the call that this thread is making, as text for an error.
#pragma once

#include <string>

namespace daffi::inline v1::detail {

/// Empty when this thread makes no call just now.
std::string show_current_arguments();

}  // namespace daffi::inline v1::detail
