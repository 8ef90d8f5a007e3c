/// @file  Coroutines that still run when their process stops: what their callers are told.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daffi/daffi.hpp"
#include "support/process.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

GlobalOptions options_of(const std::string& name, const TemporaryFolder& folder) {
  GlobalOptions options;
  options.process_name = name;
  options.unix_sock_path = folder.path();
  return options;
}

Task<void> wait_for_nobody(Global& g) { co_await g.wait_process_async("nobody"); }

// They are told to end in the last moment in which they can still answer: often they do.
TEST(Stopped, CoroutinesEndAsTheirProcessDoesAndNotWithAnErrorOfTheirOwn) {
  const TemporaryFolder folder;
  GlobalOptions hub = options_of("hub", folder);
  hub.init_controller = true;
  Global caller(hub);
  for (int round = 0; round < 10; ++round) {
    std::vector<AsyncResult<void>> calls;
    Global service(options_of("service", folder));
    // A name of this round's own: the caller may still know the last round's process.
    const std::string name = "wait" + std::to_string(round);
    service.callback(name, [&] { return wait_for_nobody(service); });
    caller.wait_function(name, 30);
    const Fetch<void(), BG> wait(caller, name, BG{.timeout = 60});
    for (int i = 0; i < 200; ++i) calls.push_back(wait());
    while (service.stats().running_calls < calls.size()) std::this_thread::yield();
    service.stop(0s);
    for (auto& call : calls) {
      try {
        call.get();
        FAIL() << "a result";
      } catch (const Error& error) {
        ASSERT_EQ(error.code(), ErrorCode::remote_stopped) << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace daffi::tests
