# daffi_add_module(NAME SOURCE...): a module for Global::transfer_and_call, NAME.so in the folder of the other libraries.
function(daffi_add_module name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE daffi::module)
  target_link_options(${name} PRIVATE -s)  # it travels
  set_target_properties(${name} PROPERTIES PREFIX "")
endfunction()
