/// @file  A Global for Python.
#pragma once

#include <nanobind/nanobind.h>

namespace daffi::python {

/// Adds Core, Pending and Spec to the module.
void bind_calls(nanobind::module_& module);

}  // namespace daffi::python
