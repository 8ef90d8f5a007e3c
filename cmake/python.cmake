# The Python package: an extension over the static core, and the modules beside it. In the build tree it stands ready to
# be imported in python/; `pip install` takes the same target through python/pyproject.toml.

find_package(Python 3.9 REQUIRED COMPONENTS Interpreter Development.Module)
if(NOT nanobind_DIR)
  execute_process(COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir
                  OUTPUT_VARIABLE nanobind_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
find_package(nanobind CONFIG REQUIRED)

file(GLOB DAFFI_BINDINGS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/python/bindings/*.cpp)
nanobind_add_module(daffi_python NB_STATIC ${DAFFI_BINDINGS})
target_link_libraries(daffi_python PRIVATE daffi_core daffi_warnings)
target_compile_definitions(daffi_python PRIVATE PY_SSIZE_T_CLEAN)
set(DAFFI_PYTHON_TREE ${PROJECT_BINARY_DIR}/python/daffi)
set_target_properties(daffi_python PROPERTIES OUTPUT_NAME _core LIBRARY_OUTPUT_DIRECTORY ${DAFFI_PYTHON_TREE})
# The core is inside; none of its names are seen from outside.
target_link_options(daffi_python PRIVATE -Wl,--exclude-libs,ALL)

if(SKBUILD)
  install(TARGETS daffi_python LIBRARY DESTINATION daffi COMPONENT python)
else()
  # Linked, not copied: an edited module is there at once.
  file(GLOB DAFFI_MODULES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/python/daffi/*)
  file(MAKE_DIRECTORY ${DAFFI_PYTHON_TREE})
  foreach(module IN LISTS DAFFI_MODULES)
    get_filename_component(name ${module} NAME)
    file(CREATE_LINK ${module} ${DAFFI_PYTHON_TREE}/${name} SYMBOLIC)
  endforeach()
endif()
