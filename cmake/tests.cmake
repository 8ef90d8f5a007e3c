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
                                          nlohmann_json::nlohmann_json daffi_warnings daffi_precompiled)
    target_precompile_headers(${name} PRIVATE <gtest/gtest.h> <chrono> <functional> <map> <memory> <string> <thread>
                                              <vector>)
    # The library is optimised as ever; optimising the tests themselves would take longer than running them.
    target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0>)
  endfunction()

  # Each fuzz target joins the unit tests under a name of its own, to have its corpus replayed.
  set(DAFFI_FUZZ_DECLARATIONS "")
  set(DAFFI_FUZZ_ROWS "")
  foreach(source IN LISTS DAFFI_FUZZ_TARGETS)
    cmake_path(GET source STEM name)
    string(REGEX REPLACE "_fuzz$" "" corpus ${name})
    set_source_files_properties(${source} PROPERTIES COMPILE_DEFINITIONS LLVMFuzzerTestOneInput=daffi_${name})
    string(APPEND DAFFI_FUZZ_DECLARATIONS "extern \"C\" int daffi_${name}(const std::uint8_t* data, std::size_t size);\n")
    string(APPEND DAFFI_FUZZ_ROWS "    {\"${corpus}\", daffi_${name}},\n")
  endforeach()
  set(DAFFI_FUZZ_REPLAY "")
  if(DAFFI_FUZZ_TARGETS)
    set(DAFFI_FUZZ_REPLAY ${PROJECT_BINARY_DIR}/fuzz_replay_test.cpp ${DAFFI_FUZZ_TARGETS})
    configure_file(${PROJECT_SOURCE_DIR}/tests/fuzz/replay_test.cpp.in ${PROJECT_BINARY_DIR}/fuzz_replay_test.cpp @ONLY)
  endif()

  # Modules that tests send about, one file each.
  add_custom_target(daffi_test_modules)
  file(GLOB DAFFI_TEST_MODULES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/modules/*.cpp)
  foreach(source IN LISTS DAFFI_TEST_MODULES)
    cmake_path(GET source STEM name)
    daffi_add_module(test_module_${name} ${source})
    target_link_libraries(test_module_${name} PRIVATE daffi_warnings)
    set_target_properties(test_module_${name} PROPERTIES OUTPUT_NAME ${name} LIBRARY_OUTPUT_DIRECTORY
                                                                            ${PROJECT_BINARY_DIR}/modules)
    add_dependencies(daffi_test_modules test_module_${name})
  endforeach()

  file(GLOB_RECURSE DAFFI_UNIT_TESTS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/*_test.cpp)
  daffi_test_binary(daffi_unit_tests ${DAFFI_UNIT_TESTS} ${DAFFI_TEST_SUPPORT} ${DAFFI_FUZZ_REPLAY})
  add_dependencies(daffi_unit_tests daffi_test_modules)
  add_test(NAME unit COMMAND daffi_unit_tests WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(unit PROPERTIES TIMEOUT 300)

  file(GLOB DAFFI_INTEGRATION_TESTS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/integration/*_test.cpp)
  if(DAFFI_INTEGRATION_TESTS)
    # These find the programs they start beside themselves: examples/ and bin/ of the same build.
    daffi_test_binary(daffi_integration_tests ${DAFFI_INTEGRATION_TESTS} ${DAFFI_TEST_SUPPORT})
    add_dependencies(daffi_integration_tests daffi_test_modules)
    foreach(program examples daffi_command)
      if(TARGET ${program})
        add_dependencies(daffi_integration_tests ${program})
      endif()
    endforeach()
    # Processes that only tests start, one file each.
    file(GLOB DAFFI_TEST_PROGRAMS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/programs/*.cpp)
    foreach(source IN LISTS DAFFI_TEST_PROGRAMS)
      cmake_path(GET source STEM name)
      add_executable(test_program_${name} ${source})
      target_link_libraries(test_program_${name} PRIVATE daffi::daffi daffi_warnings)
      set_target_properties(test_program_${name} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY
                                                                                ${PROJECT_BINARY_DIR}/programs)
      add_dependencies(daffi_integration_tests test_program_${name})
    endforeach()
    add_test(NAME integration COMMAND daffi_integration_tests WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(integration PROPERTIES TIMEOUT 600)
  endif()

  # Promises under faults: processes that are killed, frozen and cut off, judged by what each wrote in its ledger.
  file(GLOB DAFFI_FAULT_TESTS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/faults/*.cpp)
  if(DAFFI_FAULT_TESTS)
    daffi_test_binary(daffi_fault_tests ${DAFFI_FAULT_TESTS} ${DAFFI_TEST_SUPPORT})
    file(GLOB DAFFI_PARTY CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/faults/programs/*.cpp)
    add_executable(fault_party ${DAFFI_PARTY} tests/faults/ledger.cpp)
    target_include_directories(fault_party PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(fault_party PRIVATE daffi::daffi daffi_warnings)
    set_target_properties(fault_party PROPERTIES OUTPUT_NAME party RUNTIME_OUTPUT_DIRECTORY
                                                                   ${PROJECT_BINARY_DIR}/programs)
    add_library(fault_wall_clock MODULE ${PROJECT_SOURCE_DIR}/tests/faults/preload/wall_clock.cpp)
    target_link_libraries(fault_wall_clock PRIVATE daffi_warnings)
    set_target_properties(fault_wall_clock PROPERTIES PREFIX "" OUTPUT_NAME wall_clock LIBRARY_OUTPUT_DIRECTORY
                                                      ${PROJECT_BINARY_DIR}/programs)
    add_dependencies(daffi_fault_tests fault_party fault_wall_clock)
    add_test(NAME faults COMMAND daffi_fault_tests --gtest_filter=-Soak* WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(faults PROPERTIES TIMEOUT 300)
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
