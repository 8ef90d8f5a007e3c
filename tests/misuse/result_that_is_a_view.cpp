/// @file  A Fetch whose result would refer to bytes that are gone.
// The compiler says: a call's result must own its data
#include <string>
#include <string_view>

#include "daffi/daffi.hpp"

#ifdef MISTAKE
std::string_view use(const daffi::Fetch<std::string_view()>& name) { return name(); }
#else
std::string use(const daffi::Fetch<std::string()>& name) { return name(); }
#endif
