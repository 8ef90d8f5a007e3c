/// @file  The proxy does to bytes what it is told, and nothing else.
#include "faults/chaos_proxy.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include "support/process.hpp"
#include "support/waiting.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

// One connection through a proxy: `near` connects, `far` is what listens.
struct Proxy : ::testing::Test {
  Proxy() {
    const auto there = address_of(folder.path() / "there");
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&there), sizeof there), 0);
    EXPECT_EQ(listen(listener, 8), 0);
    proxy.emplace(folder.path() / "here", folder.path() / "there");
    const auto here = address_of(folder.path() / "here");
    near = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(connect(near, reinterpret_cast<const sockaddr*>(&here), sizeof here), 0);
    far = accept(listener, nullptr, nullptr);
    wait_until([this] { return proxy->connections() == 1; }, "the proxy has not noticed its connection");
  }
  ~Proxy() override {
    for (const int each : {listener, near, far}) close(each);
  }

  static void put(int to, const std::string& text) {
    EXPECT_EQ(send(to, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // What comes next, empty at the end.
  static std::string get(int from) {
    pollfd polled{from, POLLIN, 0};
    EXPECT_EQ(poll(&polled, 1, 60'000), 1);
    char buffer[4096];
    const ssize_t count = recv(from, buffer, sizeof buffer, MSG_DONTWAIT);
    return {buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }
  static bool silent(int from) {
    pollfd polled{from, POLLIN, 0};
    return poll(&polled, 1, 50) == 0;
  }

  TemporaryFolder folder;
  int listener = -1, near = -1, far = -1;
  std::optional<ChaosProxy> proxy;
};

TEST_F(Proxy, PassesBytesBothWaysAndCountsThem) {
  put(near, "there");
  EXPECT_EQ(get(far), "there");
  put(far, "and back");
  EXPECT_EQ(get(near), "and back");
  wait_until([this] { return proxy->bytes(Way::up) == 5 && proxy->bytes(Way::down) == 8; }, "it miscounts");
}

TEST_F(Proxy, KeepsWhatIsStalledAndLetsTheOtherWayPass) {
  proxy->set(Way::up, {.stalled = true});
  put(near, "kept");
  put(far, "passes");
  EXPECT_EQ(get(near), "passes");
  EXPECT_TRUE(silent(far));
  proxy->set({});
  EXPECT_EQ(get(far), "kept");
}

TEST_F(Proxy, SwallowsWithoutAWordAndLetsNothingFollow) {
  proxy->set(Way::up, {.swallowed = true});
  put(near, "gone");
  EXPECT_TRUE(silent(far));
  proxy->set({});
  put(near, "here");
  EXPECT_TRUE(silent(far));
  put(far, "back");
  EXPECT_EQ(get(near), "back");
}

TEST_F(Proxy, DelaysAndKeepsTheOrder) {
  proxy->set({.delay = 20ms, .jitter = 20ms});
  const auto began = std::chrono::steady_clock::now();
  std::string got;
  for (const char* each : {"1", "2", "3", "4"}) put(near, each);
  while (got.size() < 4) got += get(far);
  EXPECT_EQ(got, "1234");
  EXPECT_GE(std::chrono::steady_clock::now() - began, 20ms);
}

TEST_F(Proxy, TurnsOneBitOnce) {
  proxy->flip_a_bit(Way::up);
  put(near, "a");
  EXPECT_EQ(get(far), "q");
  put(near, "a");
  EXPECT_EQ(get(far), "a");
}

TEST_F(Proxy, ThrottlesAsAskedAndLosesNothing) {
  proxy->set({.bytes_per_second = 1'000'000});
  const auto began = std::chrono::steady_clock::now();
  put(near, std::string(50'000, 'x'));
  std::string got;
  while (got.size() < 50'000) got += get(far);
  EXPECT_GE(std::chrono::steady_clock::now() - began, 40ms);
}

TEST_F(Proxy, ClosesOneWayAndLeavesTheOtherOpen) {
  proxy->half_close(Way::up);
  EXPECT_EQ(get(far), "");
  put(far, "still");
  EXPECT_EQ(get(near), "still");
}

TEST_F(Proxy, LeavesAConnectionHalfOpen) {
  proxy->half_open();
  EXPECT_EQ(get(far), "");
  EXPECT_TRUE(silent(near));
}

TEST_F(Proxy, CutsBothEnds) {
  proxy->cut();
  EXPECT_EQ(get(far), "");
  EXPECT_EQ(get(near), "");
}

TEST_F(Proxy, PassesAnEndOn) {
  put(near, "last");
  shutdown(near, SHUT_WR);
  EXPECT_EQ(get(far), "last");
  EXPECT_EQ(get(far), "");
}

}  // namespace
}  // namespace daffi::tests
