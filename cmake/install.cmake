# What `cmake --install` puts where, and how other projects find it: a CMake package and a pkg-config file.

include(CMakePackageConfigHelpers)

install(TARGETS daffi daffi_module EXPORT daffiTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/daffi ${PROJECT_BINARY_DIR}/include/daffi DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development FILES_MATCHING PATTERN "*.hpp")

set(DAFFI_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/daffi)
install(EXPORT daffiTargets NAMESPACE daffi:: DESTINATION ${DAFFI_CMAKE_DIR} COMPONENT development)
configure_package_config_file(cmake/daffiConfig.cmake.in ${PROJECT_BINARY_DIR}/daffiConfig.cmake
                              INSTALL_DESTINATION ${DAFFI_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/daffiConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/daffiConfig.cmake ${PROJECT_BINARY_DIR}/daffiConfigVersion.cmake
              cmake/daffi_module.cmake
        DESTINATION ${DAFFI_CMAKE_DIR} COMPONENT development)

install(FILES cmake/module.map DESTINATION ${CMAKE_INSTALL_DATADIR}/daffi COMPONENT development)

configure_file(cmake/daffi.pc.in ${PROJECT_BINARY_DIR}/daffi.pc @ONLY)
configure_file(cmake/daffi-module.pc.in ${PROJECT_BINARY_DIR}/daffi-module.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/daffi.pc ${PROJECT_BINARY_DIR}/daffi-module.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
