# The library: every layer compiled once, then linked twice. `daffi_core` (static) is what the tests and benchmarks
# reach into; `daffi` (shared) is what users get, and exports the public API only.

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(spdlog REQUIRED)
find_package(SQLite3 REQUIRED)

configure_file(cmake/version.hpp.in ${PROJECT_BINARY_DIR}/include/daffi/version.hpp @ONLY)

file(GLOB_RECURSE DAFFI_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.cpp)
add_library(daffi_objects OBJECT ${DAFFI_SOURCES})
target_include_directories(daffi_objects PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include
                                                ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(daffi_objects PUBLIC Threads::Threads OpenSSL::SSL OpenSSL::Crypto spdlog::spdlog SQLite::SQLite3
                                    PRIVATE daffi_warnings)

# Nobody replaces single functions of ours from outside, so the compiler may call and inline them directly.
target_compile_options(daffi_objects PRIVATE -fno-semantic-interposition)

add_library(daffi_core STATIC $<TARGET_OBJECTS:daffi_objects>)
target_include_directories(daffi_core PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include
                                             ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(daffi_core PUBLIC Threads::Threads OpenSSL::SSL OpenSSL::Crypto spdlog::spdlog SQLite::SQLite3)

add_library(daffi SHARED $<TARGET_OBJECTS:daffi_objects>)
add_library(daffi::daffi ALIAS daffi)
target_compile_features(daffi PUBLIC cxx_std_20)
target_include_directories(daffi PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                        $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                                        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(daffi PRIVATE Threads::Threads OpenSSL::SSL OpenSSL::Crypto spdlog::spdlog SQLite::SQLite3)
# While the major version is 0, every minor version may change the binary interface.
set_target_properties(daffi PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                                       LINKER_LANGUAGE CXX LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exports.map)
# Hidden visibility leaves the standard library's own templates exported; the map takes those back too.
target_link_options(daffi PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map)

# What a module contains of daffi: the codec, the errors, and its side of the boundary. The map keeps everything but the
# table inside, so that a module meets neither the daffi of the process it is loaded into nor another module's.
set(DAFFI_MODULE_SOURCES "/src/(codec/[a-z0-9_]+|base/(clock|error|error_table|fork|large_memory|raised)|wire/callers|global/(call_context|callback_list|module_entry))\\.cpp\\.o$")
add_library(daffi_module STATIC $<FILTER:$<TARGET_OBJECTS:daffi_objects>,INCLUDE,${DAFFI_MODULE_SOURCES}>)
add_library(daffi::module ALIAS daffi_module)
set_target_properties(daffi_module PROPERTIES EXPORT_NAME module LINKER_LANGUAGE CXX)
target_compile_features(daffi_module INTERFACE cxx_std_20)
target_include_directories(daffi_module INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                                                  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_options(daffi_module INTERFACE
  $<BUILD_INTERFACE:-Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/module.map>
  $<INSTALL_INTERFACE:-Wl,--version-script=$<INSTALL_PREFIX>/${CMAKE_INSTALL_DATADIR}/daffi/module.map>)
include(cmake/daffi_module.cmake)
