/// @file  Callbacks that name their callers, between real processes: by the role of a token.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "daffi/daffi.hpp"
#include "support/command.hpp"

namespace daffi::tests {
namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class Roles : public ::testing::Test {
 protected:
  void write_roles(const std::string& text) {
    std::ofstream(roles_) << text;
    std::filesystem::permissions(roles_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  std::vector<std::string> controller_words() const {
    return {"controller", "--port", "0", "--token", "for all", "--token-roles", roles_.string()};
  }
  Finished run(std::vector<std::string> words, const std::string& token) const {
    words.insert(words.end(), {"--port", port_, "--connect-timeout", "30", "--token", token});
    return daffi_run(std::move(words));
  }
  void start() {
    write_roles("# who holds what\n\noperator for operators\nviewer for viewers\n");
    controller_ = std::make_unique<Process>(daffi_command(), controller_words(), daffi_environment());
    port_ = port_in(controller_->wait_for_line("started"));
    worker_ = std::make_unique<Process>(
        program("worker"),
        std::vector<std::string>{"--port", port_, "--name", "w", "--token", "for all", "--callers", "role:operator"});
    worker_->wait_for_line("ready");
  }

  TemporaryFolder folder_;
  const std::filesystem::path roles_ = folder_.path() / "roles";
  std::unique_ptr<Process> controller_, worker_;
  std::string port_;
};

TEST_F(Roles, OnlyTheNamedRoleCallsAndSees) {
  start();
  const auto called = run({"call", "guarded"}, "for operators");
  EXPECT_EQ(called.exit.code, 0) << called.errors;
  EXPECT_TRUE(contains(called.output, "guarded"));
  const auto listed = run({"ls"}, "for operators");
  EXPECT_TRUE(contains(listed.output, "guarded() -> str  for role:operator")) << listed.output;

  for (const std::string token : {"for viewers", "for all"}) {
    const auto refused = run({"call", "guarded"}, token);
    EXPECT_EQ(refused.exit.code, 1);
    EXPECT_TRUE(contains(refused.errors, "may not call 'guarded'")) << refused.errors;
    const auto seen = run({"ls"}, token);
    EXPECT_EQ(seen.exit.code, 0) << seen.errors;
    EXPECT_TRUE(contains(seen.output, "who() -> str"));
    EXPECT_FALSE(contains(seen.output, "guarded")) << seen.output;
    EXPECT_FALSE(contains(seen.output, "role:operator")) << seen.output;
    EXPECT_EQ(run({"call", "who"}, token).exit.code, 0);
  }
}

TEST_F(Roles, NoRolesTokenIsInTheLog) {
  start();
  EXPECT_EQ(run({"ls"}, "for nobody").exit.code, 3);
  (void)run({"call", "guarded"}, "for viewers");
  worker_->send(SIGTERM);
  worker_->wait_for_exit();
  controller_->wait_for_handler(SIGTERM);
  controller_->send(SIGTERM);
  const Finished controller = finish(*controller_);
  for (const std::string secret : {"for all", "for operators", "for viewers", "for nobody"}) {
    EXPECT_FALSE(contains(controller.output + controller.errors, secret)) << controller.errors;
    EXPECT_FALSE(contains(joined(worker_->lines()) + joined(worker_->error_lines()), secret));
  }
}

TEST_F(Roles, AFileThatSaysNothingClearIsRefusedByLine) {
  for (const std::string text : {"operator\n", " token\n", "a b\na c\n", "a same\nb same\n", "a for all\n"}) {
    write_roles(text);
    const auto refused = daffi_run(controller_words());
    EXPECT_EQ(refused.exit.code, 2) << text;
    EXPECT_TRUE(contains(refused.errors, "role")) << refused.errors;
  }
  write_roles("operator token\n");
  std::filesystem::permissions(roles_, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
  EXPECT_TRUE(contains(daffi_run(controller_words()).errors, "can be read by others"));
}

}  // namespace
}  // namespace daffi::tests
