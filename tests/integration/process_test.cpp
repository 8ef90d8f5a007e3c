/// @file  The helper the other integration tests stand on tells the truth about the programs it starts.
#include "support/process.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <stdexcept>
#include <system_error>

namespace daffi::tests {
namespace {

Process shell(const std::string& script, const Process::Environment& changes = {}) {
  return {"/bin/sh", {"-c", script}, changes};
}

TEST(Process, MissingProgramThrows) { EXPECT_THROW(Process("/nowhere/at/all", {}), std::system_error); }

TEST(Process, EndingWithoutTheLineThrowsAndTellsWhatWasSaid) {
  Process process = shell("echo one; echo two >&2; exit 3");
  try {
    process.wait_for_line("three");
    FAIL() << "a line that was never printed was found";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("  one\n"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("  two\n"), std::string::npos);
  }
  EXPECT_EQ(process.wait_for_exit(), (Exit{3, 0}));
}

TEST(Process, EachLineIsGivenOutOnce) {
  Process process = shell("echo a 1; echo b; echo a 2");
  EXPECT_EQ(process.wait_for_line("a"), "a 1");
  EXPECT_EQ(process.wait_for_line("a"), "a 2");
  EXPECT_THROW(process.wait_for_line("b"), std::runtime_error);
}

TEST(Process, ExitComesAfterAllOutputUnfinishedLinesIncluded) {
  Process process = shell("printf 'no newline'");
  EXPECT_EQ(process.wait_for_exit(), (Exit{0, 0}));
  EXPECT_EQ(process.lines(), std::vector<std::string>{"no newline"});
}

TEST(Process, SignalIsReportedAsSuch) {
  Process process = shell("echo ready; exec tail -f /dev/null");
  process.wait_for_line("ready");
  process.send(SIGHUP);
  EXPECT_EQ(process.wait_for_exit(), (Exit{-1, SIGHUP}));
}

TEST(Process, HandlerIsWaitedForAndItsAbsenceNoticed) {
  Process with = shell("trap 'exit 7' HUP; echo ready; while :; do :; done");
  with.wait_for_handler(SIGHUP);
  with.send(SIGHUP);
  EXPECT_EQ(with.wait_for_exit(), (Exit{7, 0}));
  Process without = shell("exit 0");
  EXPECT_THROW(without.wait_for_handler(SIGHUP), std::runtime_error);
}

TEST(Process, EnvironmentIsChangedAsAsked) {
  Process process = shell("echo \"$DAFFI_PROCESS_TEST.${HOME-none}\"", {{"DAFFI_PROCESS_TEST", "x"}, {"HOME", ""}});
  EXPECT_EQ(process.wait_for_line("."), "x.none");
}

TEST(Process, DestructorKillsWhatStillRuns) {
  pid_t pid = 0;
  {
    Process process = shell("echo ready; exec tail -f /dev/null");
    process.wait_for_line("ready");
    pid = process.pid();
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

}  // namespace
}  // namespace daffi::tests
