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
