/// @file  Case 17: system calls that fail now and then, in a process that has done nothing wrong.
#include <unistd.h>

#include <cerrno>

#include "faults/field.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

constexpr const char* kLibraries = "/usr/lib/fiu/fiu_run_preload.so /usr/lib/fiu/fiu_posix_preload.so";
constexpr const char* kControl = "/usr/bin/fiu-ctrl";
constexpr const char* kEverything = "unary,batch,stream,feed,large";
const std::vector<std::string> kAttentive{"--heartbeat", "1", "--grace", "0.5", "--connect-wait", "20"};

// libfiu stands between a process and the C library, and is told by a pipe what is to fail.
struct SystemCalls : Field {
  void SetUp() override {
    if (access(kControl, X_OK) != 0) GTEST_SKIP() << "there is no " << kControl;
    environment_ = {{"LD_PRELOAD", kLibraries}, {"FIU_CTRL_FIFO", folder() / "fiu"}};
  }
  void tell(const std::string& name, const std::string& command) {
    Process control(kControl, {"-f", folder() / "fiu", "-c", command, std::to_string(process(name).pid())});
    ASSERT_EQ(control.wait_for_exit(), (Exit{0, 0})) << command;
  }
  void fail(const std::string& name, const std::string& call, int error, const std::string& probability) {
    tell(name, "enable_random name=" + call + ",probability=" + probability + ",failinfo=" + std::to_string(error));
  }
  void succeed(const std::string& name, const std::string& call) { tell(name, "disable name=" + call); }
  // Each of the three in turn has `call` fail; afterwards all goes on, and none has died of it.
  void each_survives(const std::string& call, int error, const std::string& probability) {
    for (const std::string name : {"controller", "callee", "caller"}) {
      fail(name, call, error, probability);
      let_pass(soaking() ? 5s : 300ms);
      succeed(name, call);
      await_calls("caller", 100);
    }
  }
  void start_all(bool tcp) {
    tcp ? start_controller_on_tcp(kAttentive) : void(start_controller(kAttentive));
    start_callee("callee", kAttentive);
    start_caller(kEverything, kAttentive);
    await_calls("caller", 100);
  }
};

TEST_F(SystemCalls, ThatFailInTheNetworkEndCallsTypedAndNobodyDies) {
  start_all(true);
  each_survives("posix/io/net/recv", ETIMEDOUT, "0.01");
  each_survives("posix/io/net/sendmsg", ENOBUFS, "0.01");
  finish();
  EXPECT_GT(judge().failed, 0u);
}

TEST_F(SystemCalls, ThatAreInterruptedAreRepeatedAndCostNoCall) {
  start_all(true);
  each_survives("posix/io/net/recv", EINTR, "0.2");
  each_survives("posix/io/net/sendmsg", EINTR, "0.2");
  finish();
  EXPECT_EQ(judge().failed, 0u);
}

TEST_F(SystemCalls, ThatFailForMemoryEndCallsTypedAndNobodyDies) {
  start_all(false);
  each_survives("posix/mm/mmap", ENOMEM, "0.3");
  each_survives("posix/io/rw/ftruncate", ENOSPC, "0.5");
  finish();
  judge();
}

TEST_F(SystemCalls, ThatFailOnTheWayBackDelayIt) {
  start_all(true);
  for (const auto* call : {"posix/io/net/socket", "posix/io/net/connect"}) {
    fail("caller", call, call == std::string("posix/io/net/socket") ? EMFILE : ECONNREFUSED, "0.7");
    kill("controller");
    start_controller(kAttentive);
    await_calls("caller", 100);
    succeed("caller", call);
  }
  finish();
  judge();
}

}  // namespace
}  // namespace daffi::tests
