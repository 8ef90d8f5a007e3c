# How everything here is compiled: the language, the warnings, the launcher.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

# Without a type a build has neither optimisation nor assertions worth the name.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Kind of build" FORCE)
endif()

# With these settings a checkout in another folder finds what this one compiled, precompiled headers included.
find_program(DAFFI_CCACHE ccache)
if(DAFFI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
                                  CCACHE_SLOPPINESS=pch_defines,time_macros ${DAFFI_CCACHE})
endif()

# Only our own targets get these; a project that adds this folder keeps its own.
add_library(daffi_warnings INTERFACE)
target_compile_options(daffi_warnings INTERFACE -Wall -Wextra -Wconversion)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(daffi_warnings INTERFACE -Wthread-safety)
endif()
if(DAFFI_WERROR)
  target_compile_options(daffi_warnings INTERFACE -Werror)
endif()

# For targets with a precompiled header: without these ccache could not tell one such header from another.
add_library(daffi_precompiled INTERFACE)
target_compile_options(daffi_precompiled INTERFACE
  "$<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>" "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
