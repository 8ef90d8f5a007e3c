/// @file  CallbackList, taken apart again.
#pragma once

#include <vector>

#include "daffi/detail/callback_list.hpp"

namespace daffi::inline v1::detail {

struct CallbackList::Impl {
  std::vector<CallbackSpec> specs;
};

}  // namespace daffi::inline v1::detail
