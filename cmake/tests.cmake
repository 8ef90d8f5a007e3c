# The tests: one binary of exact, instant tests, one that starts real processes, and the fuzz targets.

file(GLOB DAFFI_TEST_SUPPORT CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.cpp)
file(GLOB DAFFI_FUZZ_TARGETS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.cpp)

if(DAFFI_TESTS)
  find_package(GTest REQUIRED)
  find_package(nlohmann_json REQUIRED)

  function(daffi_test_binary name)
    add_executable(${name} ${ARGN})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE daffi_core GTest::gtest GTest::gtest_main GTest::gmock
                                          nlohmann_json::nlohmann_json daffi_warnings)
  endfunction()

  file(GLOB_RECURSE DAFFI_UNIT_TESTS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/*_test.cpp)
  daffi_test_binary(daffi_unit_tests ${DAFFI_UNIT_TESTS} ${DAFFI_TEST_SUPPORT})
  add_test(NAME unit COMMAND daffi_unit_tests WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(unit PROPERTIES TIMEOUT 300)

  file(GLOB DAFFI_INTEGRATION_TESTS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/integration/*_test.cpp)
  if(DAFFI_INTEGRATION_TESTS)
    # These find the programs they start beside themselves: examples/ and bin/ of the same build.
    daffi_test_binary(daffi_integration_tests ${DAFFI_INTEGRATION_TESTS} ${DAFFI_TEST_SUPPORT})
    add_test(NAME integration COMMAND daffi_integration_tests WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(integration PROPERTIES TIMEOUT 600)
  endif()
endif()

if(DAFFI_FUZZ)
  foreach(source IN LISTS DAFFI_FUZZ_TARGETS)
    cmake_path(GET source STEM name)
    add_executable(${name} ${source})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE daffi_core daffi_warnings)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  endforeach()
endif()
