/// @file  daffi controller.
#include "daffi/commands.hpp"

namespace daffi_command {

int ControllerCommand::run() const {
  return guarded([&] {
    daffi::GlobalOptions options = address.observer();
    options.observer = false;
    options.connect_timeout = {};
    options.process_name = name;
    options.init_controller = true;
    options.init_node = false;
    daffi::Global g(std::move(options));
    g.join({.stop_on_signals = true});
    return kSuccess;
  });
}

}  // namespace daffi_command
