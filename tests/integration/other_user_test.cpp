/// @file  Another user of the same machine, a real one: what he is kept from, and what is not believed of him.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "daffi/daffi.hpp"
#include "support/command.hpp"

namespace daffi::tests {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class OtherUser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
    const auto tried = finish_as_nobody({daffi_command().string(), "--version"});
    if (tried.exit.code != 0) GTEST_SKIP() << "another user cannot run what was built here: " << tried.errors;
    fs::permissions(folder_.path(), fs::perms::all);
  }
  static std::vector<std::string> as_nobody(std::vector<std::string> words) {
    words.insert(words.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"});
    return words;
  }
  Process::Environment his() const {
    return daffi_environment({{"DAFFI_COOKIE_FILE", (folder_.path() / "his cookie").string()}, {"HOME", "/"}});
  }
  Finished finish_as_nobody(const std::vector<std::string>& words) const {
    Process process("/usr/bin/env", as_nobody(words), his());
    return finish(process);
  }
  void start_controller(std::vector<std::string> more) {
    more.insert(more.begin(), "controller");
    controller_ = std::make_unique<Process>(daffi_command(), more, daffi_environment());
    line_ = controller_->wait_for_line("started");
  }

  TemporaryFolder folder_;
  std::unique_ptr<Process> controller_, worker_;
  std::string line_;
};

TEST_F(OtherUser, DoesNotGetIntoAUnixSocket) {
  // In a folder that he may enter, so that what keeps him out is the socket's own.
  const std::string socket = (folder_.path() / "socket").string();
  start_controller({"--unix-sock-path", socket});
  EXPECT_EQ(daffi_run({"ls", "--unix-sock-path", socket}).exit.code, 0);
  const auto his_try =
      finish_as_nobody({daffi_command().string(), "ls", "--unix-sock-path", socket, "--connect-timeout", "2"});
  EXPECT_EQ(his_try.exit.code, 3) << his_try.output << his_try.errors;
}

TEST_F(OtherUser, DoesNotGetPastATokenOnLoopback) {
  start_controller({"--port", "0", "--token", "open sesame"});
  const auto his_try = finish_as_nobody({daffi_command().string(), "ls", "--port", port_in(line_)});
  EXPECT_EQ(his_try.exit.code, 3) << his_try.output;
  EXPECT_TRUE(contains(his_try.errors, "admits nobody without its token")) << his_try.errors;
  controller_->wait_for_error_line("ended before it was a node's");
}

TEST_F(OtherUser, MayCallAndBeCalledOverLoopbackButSendsNoCode) {
  start_controller({"--port", "0"});
  worker_ = std::make_unique<Process>(
      "/usr/bin/env",
      as_nobody({program("worker").string(), "--port", port_in(line_), "--name", "his", "--allow-code", "1"}), his());
  worker_->wait_for_line("ready");
  GlobalOptions options;
  options.process_name = "mine";
  options.port = std::stoi(port_in(line_));
  options.connect_timeout = 30;
  Global g(std::move(options));
  g.wait_process("his", 30);
  EXPECT_EQ(Fetch<std::string()>(g, "who").call(FG{.timeout = 30}), "his");
  // He can open no memory of ours, root can open his: one way goes by memory, the other through the socket.
  const std::string large(5'000'000, 'x');
  const Fetch<std::string(std::string)> echo(g, "echo");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(echo.call(FG{.timeout = 30}, large) == large);
  for (const auto& member : g.members()) {
    if (member.process_name != "his") continue;
    EXPECT_FALSE(contains(member.identity, "cookie")) << member.identity;
    EXPECT_FALSE(contains(member.identity, "user")) << member.identity;
  }
  // Neither said so, or has shown a certificate: not even where code is allowed.
  EXPECT_THROW((void)g.transfer_and_call<int>("his", Module::from_file(module_file("version_1")), "version"),
               NotPermittedError);
}

}  // namespace
}  // namespace daffi::tests
