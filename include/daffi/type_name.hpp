/// @file  daffi::type_name<T>(): a type as signatures show it, the same words in every language.
#pragma once

#include "daffi/codec.hpp"  // IWYU pragma: export
