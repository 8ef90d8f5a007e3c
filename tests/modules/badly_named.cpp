/// @file  A module that cannot say what it exports: the words do not fit the function.
#include "daffi/module.hpp"

static int one(int n) { return n; }

DAFFI_MODULE(daffi::export_function<&one>(daffi::params("n", "m")))
