/// @file  Sends a module to the executor and runs its functions there. --module: the file, else process_id.so beside
/// this program.
#include <daffi/daffi.hpp>

#include <filesystem>
#include <vector>

#include "program.hpp"

static std::string module_path(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == "--module") return argv[i + 1];
  }
  return std::filesystem::read_symlink("/proc/self/exe").replace_filename("process_id.so");
}

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  g.wait_process("remote executor");

  const auto module = daffi::Module::from_file(module_path(argc, argv));
  say("Pid of remote process: ", g.transfer_and_call<int>("remote executor", module, "process_id"));

  // The executor has the module now: from here on only its hash travels.
  const std::vector<double> values{1, 2, 6};
  auto later = g.transfer_and_call<double>(daffi::BG{.timeout = 30}, "remote executor", module, "mean", values);
  say("Mean: ", later.get());

  try {
    g.transfer_and_call("remote executor", module, "median", values);
  } catch (const daffi::RemoteCallError& error) {
    say(error.what());
  }
}
