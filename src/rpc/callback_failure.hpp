/// @file  What a callback threw, as its caller is to see it.
#pragma once

#include <exception>
#include <string>

#include "base/result.hpp"

namespace daffi::rpc {

/// A remote_error with the exception's type and words; a SystemRefusal is what it says. `callback` is for texts,
/// `language` this process's. Threads: any.
base::Failure callback_failure(const std::exception_ptr& error, const std::string& callback,
                               const std::string& language);

/// A callback threw only what it was ended with: it was cancelled, or what it waited for was, or its Global has
/// stopped. Threads: any.
bool was_ended(const std::exception_ptr& error);

}  // namespace daffi::rpc
