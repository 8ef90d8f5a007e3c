/// @file  Keys of a Value's map: an order among Values, and whether one occurs twice.
#pragma once

#include "daffi/value.hpp"

namespace daffi::codec {

/// The index of an entry whose key an earlier entry has, or map.size(). In n log n whatever the keys are.
std::size_t find_duplicate_key(const Value::Map& map);

}  // namespace daffi::codec
