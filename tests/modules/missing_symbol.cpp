/// @file  A module that the loader refuses: something in it is nowhere.
#include "daffi/module.hpp"

int defined_nowhere();

static int call_it() { return defined_nowhere(); }

DAFFI_MODULE(daffi::export_function<&call_it>())
