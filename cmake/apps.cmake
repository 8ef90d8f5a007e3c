# The `daffi` command.

find_package(CLI11 REQUIRED)

file(GLOB DAFFI_APP_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/apps/daffi/*.cpp)
add_executable(daffi_command ${DAFFI_APP_SOURCES})
target_include_directories(daffi_command PRIVATE ${PROJECT_SOURCE_DIR}/apps)
target_link_libraries(daffi_command PRIVATE daffi::daffi CLI11::CLI11 daffi_warnings)
set_target_properties(daffi_command PROPERTIES OUTPUT_NAME daffi RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin
                                               INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(TARGETS daffi_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
