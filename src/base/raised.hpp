/// @file  What user code threw, put into words for whoever called it.
#pragma once

#include <exception>

#include "daffi/error.hpp"

namespace daffi::base {

/// Type and text of any exception; language and process are left empty. Threads: any.
RemoteException describe_raised(const std::exception_ptr& raised);

}  // namespace daffi::base
