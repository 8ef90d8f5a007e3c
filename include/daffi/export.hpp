/// @file  DAFFI_API marks what the shared library exports; everything else is hidden.
#pragma once

#if defined(__GNUC__)
#define DAFFI_API __attribute__((visibility("default")))
#else
#define DAFFI_API
#endif
