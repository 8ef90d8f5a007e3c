/// @file  Case 5: too few file descriptors, and more large values than there is memory for: refused, said once, over.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "faults/field.hpp"

namespace daffi::tests {
namespace {

struct Scarcity : Field {
  int connect_once() const {
    const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (folder() / ".sock").c_str(), sizeof address.sun_path - 1);
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return descriptor;
    close(descriptor);
    return -1;
  }
  static void limit_descriptors(pid_t pid, rlim_t most) {
    rlimit limit{};
    ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, nullptr, &limit), 0);
    limit.rlim_cur = most;
    ASSERT_EQ(prlimit(pid, RLIMIT_NOFILE, &limit, nullptr), 0);
  }
};

TEST_F(Scarcity, AControllerWithoutDescriptorsServesThoseWhoAreThereAndTakesOthersAgainLater) {
  auto& controller = start_controller();
  start_callee();
  start_caller("unary,batch,stream,feed");
  await_calls("caller", 100);
  const auto before = footprint(controller.pid());
  limit_descriptors(controller.pid(), before.descriptors + 4);
  std::vector<int> crowd;
  for (int i = 0; i < 20; ++i) crowd.push_back(connect_once());
  controller.wait_for_error_line("cannot accept connections");
  await_calls("caller", 300);
  for (const int each : crowd) {
    if (each >= 0) close(each);
  }
  limit_descriptors(controller.pid(), 1024);
  start_callee("late");
  await_calls("caller", 100);
  finish();
  std::size_t said = 0;
  for (const auto& line : controller.error_lines()) said += line.find("cannot accept connections") != std::string::npos;
  EXPECT_LE(said, 2u) << "once when it begins, not for every connection";
  stop("late");
  EXPECT_LE(footprint(controller.pid()).descriptors, before.descriptors);
  EXPECT_EQ(judge().failed, 0u);
}

TEST_F(Scarcity, ManyLargeValuesAtOnceStayWithinTheirBoundsAndAllArrive) {
  start_controller();
  auto& callee = start_callee();
  std::string kinds = "unary";
  for (int i = 0; i < 16; ++i) kinds += ",large";
  start_caller(kinds, {"--size", soaking() ? "20000000" : "4000000", "--timeout", "120"});
  await_calls("caller", 100);
  // Arguments and results, encoded and as they were: of sixteen calls, and what is kept for the next ones.
  EXPECT_LE(footprint(process("controller").pid()).memory_kib, 200u * 1024);
  EXPECT_LE(footprint(callee.pid()).memory_kib, (soaking() ? 2000u : 600u) * 1024);
  finish();
  EXPECT_EQ(judge().failed, 0u);
}

}  // namespace
}  // namespace daffi::tests
