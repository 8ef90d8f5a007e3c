/// @file  Cable: network namespaces that are held by descriptors, and the commands that join them and make them worse.
#include "faults/cable.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace daffi::tests {
namespace {

constexpr const char* kIp = "/usr/sbin/ip";
constexpr const char* kTc = "/usr/sbin/tc";
constexpr const char* kNft = "/usr/sbin/nft";
constexpr const char* kOwn = "/proc/thread-self/ns/net";

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

int open_own() {
  const int descriptor = open(kOwn, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(kOwn);
  return descriptor;
}

// A new one, without going there for good.
int make_namespace(int home) {
  if (unshare(CLONE_NEWNET) != 0) fail("unshare");
  const int made = open_own();
  if (setns(made, CLONE_NEWNET) != 0 || setns(home, CLONE_NEWNET) != 0) fail("setns");
  return made;
}

// `line` is split at its spaces.
bool succeeds(const char* command, const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  return Process(command, arguments).wait_for_exit() == Exit{0, 0};
}

void run(const char* command, const std::string& line) {
  if (!succeeds(command, line)) throw std::runtime_error(std::string(command) + " " + line + " has failed");
}

}  // namespace

std::string Cable::obstacle() {
  if (geteuid() != 0) return "network namespaces need root";
  for (const char* command : {kIp, kTc, kNft}) {
    if (access(command, X_OK) != 0) return std::string("there is no ") + command;
  }
  const int home = open_own();
  const bool allowed = unshare(CLONE_NEWNET) == 0;
  const bool joined = allowed && succeeds(kIp, "link add name probe type veth peer name other");
  const bool filters = joined && succeeds(kNft, "add table inet probe");
  if (allowed && setns(home, CLONE_NEWNET) != 0) fail("setns");
  close(home);
  if (!allowed) return "network namespaces are not permitted here";
  if (!joined) return "there are no veth interfaces here";
  return filters ? "" : "there are no packet filters here";
}

Cable::Visit::Visit(const Cable& cable, End end) : home_(cable.home_) {
  if (setns(end == End::near ? cable.near_ : cable.far_, CLONE_NEWNET) != 0) fail("setns");
}

Cable::Visit::~Visit() {
  // Whatever came next would be in the wrong place.
  if (setns(home_, CLONE_NEWNET) != 0) std::terminate();
}

Cable::Cable() : home_(open_own()), near_(make_namespace(home_)), far_(make_namespace(home_)) {
  const std::string far = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(far_);
  at(End::near, [&] { run(kIp, "link add name cable type veth peer name cable netns " + far); });
  for (const End end : {End::near, End::far}) {
    at(end, [&] {
      run(kIp, "link set lo up");
      run(kIp, "address add " + address(end) + "/24 dev cable");
      run(kIp, "link set cable up");
    });
  }
}

Cable::~Cable() {
  for (const int descriptor : {near_, far_, home_}) close(descriptor);
}

std::string Cable::address(End end) { return end == End::near ? "192.0.2.1" : "192.0.2.2"; }

void Cable::cut() {
  at(End::near, [] { run(kIp, "link set cable down"); });
}

void Cable::join() {
  at(End::near, [] { run(kIp, "link set cable up"); });
}

void Cable::filter(End end, const std::string& rule) {
  at(end, [&] {
    run(kNft, "add table inet cable");
    run(kNft, "add chain inet cable arriving { type filter hook input priority 0 ; }");
    run(kNft, "add rule inet cable arriving iifname cable " + rule);
  });
}

// Nft takes no rule that is always true.
void Cable::lose(End end, int percent) {
  filter(end, percent < 100 ? "numgen random mod 100 < " + std::to_string(percent) + " drop" : "drop");
}

void Cable::reset(End end) { filter(end, "meta l4proto tcp reject with tcp reset"); }

void Cable::let_through() {
  for (const End end : {End::near, End::far}) {
    at(end, [] { run(kNft, "flush ruleset"); });
  }
}

bool Cable::slow_down(std::chrono::milliseconds delay, std::chrono::milliseconds jitter, int percent) {
  const auto line = "qdisc add dev cable root netem delay " + std::to_string(delay.count()) + "ms " +
                    std::to_string(jitter.count()) + "ms loss " + std::to_string(percent) + "%";
  const auto slower = [&] { return succeeds(kTc, line); };
  return at(End::near, slower) && at(End::far, slower);
}

}  // namespace daffi::tests
