/// @file  Sends Python source to another process and calls a function of it there. Documentation: 2.9.
#include <daffi/daffi.hpp>
#include <vector>

#include "program.hpp"

constexpr std::string_view kSource = R"(
import statistics

def mean(values):
    return statistics.fmean(values)
)";

int main(int argc, char** argv) {
  const Address address = address_from(argc, argv);
  daffi::Global g{{.host = address.host, .port = address.port, .unix_sock_path = address.unix_sock_path}};
  g.wait_process("remote executor");

  const daffi::PythonSource source(kSource);
  say("Mean: ", g.transfer_and_call<double>("remote executor", source, "mean", std::vector<double>{1, 2, 6}));

  try {
    g.transfer_and_call("remote executor", source, "median", std::vector<double>{1, 2});
  } catch (const daffi::RemoteCallError& error) {
    say(error.what());
  }
}
