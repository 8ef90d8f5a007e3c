/// @file  The `daffi` command as people and scripts use it: what it prints, and the exit codes.
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "daffi/daffi.hpp"
#include "support/command.hpp"

namespace daffi::tests {
namespace {

using ::testing::Test;
using Json = nlohmann::json;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A controller and a worker named "w" on a UNIX socket of their own.
class Command : public Test {
 protected:
  Command() : controller_(daffi_command(), {"controller", "--unix-sock-path", folder()}, daffi_environment()) {
    controller_.wait_for_line("started");
    worker_ =
        std::make_unique<Process>(program("worker"), std::vector<std::string>{"--folder", folder(), "--name", "w"});
    worker_->wait_for_line("ready");
  }

  std::string folder() const { return folder_.path().string(); }

  Finished run(std::vector<std::string> arguments) const {
    return daffi_run(std::move(arguments), {{"DAFFI_UNIX_SOCK_PATH", folder()}});
  }

  TemporaryFolder folder_;
  Process controller_;
  std::unique_ptr<Process> worker_;
};

TEST(CommandLine, WrongUsageExitsWithTwoAndSaysWhy) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"dance"},
      {"ls", "--no-such-option"},
      {"ls", "--port", "99999"},
      {"ls", "--port", "many"},
      {"ls", "--unix-sock-path", "/tmp/x", "--port", "1"},
      {"ls", "--host", "localhost"},
      {"ls", "--connect-timeout", "-1"},
      {"ls", "--port", "1", "--ssl-certificate", "/nowhere/cert.pem"},
      {"ls", "--port", "1", "--ssl-certificate", "/nowhere/cert.pem", "--ssl-key", "/nowhere/key.pem"},
      {"call"},
      {"call", "f", "--timeout", "soon"},
      {"wait"},
      {"wait", "f", "--timeout", "-1"},
      {"tasks"},
      {"cancel", "w"},
      {"controller", "--port", "-1"},
  };
  for (const auto& arguments : wrong) {
    const auto finished = daffi_run(arguments);
    EXPECT_EQ(finished.exit.code, 2) << joined(arguments) << finished.errors;
    EXPECT_FALSE(finished.errors.empty()) << joined(arguments);
    EXPECT_EQ(finished.output, "") << joined(arguments);
  }
}

TEST(CommandLine, WrongPortInTheEnvironmentIsWrongUsage) {
  for (const char* port : {"many", "99999", "-1", "12x"}) {
    const auto finished = daffi_run({"ls"}, {{"DAFFI_PORT", port}});
    EXPECT_EQ(finished.exit.code, 2) << port;
    EXPECT_TRUE(contains(finished.errors, "DAFFI_PORT")) << finished.errors;
  }
}

TEST(CommandLine, TwoAddressesInTheEnvironmentAreWrongUsage) {
  const auto finished = daffi_run({"ls"}, {{"DAFFI_PORT", "1"}, {"DAFFI_UNIX_SOCK_PATH", "/nowhere"}});
  EXPECT_EQ(finished.exit.code, 2);
  EXPECT_TRUE(contains(finished.errors, "DAFFI_UNIX_SOCK_PATH and")) << finished.errors;
}

TEST(CommandLine, EverySubcommandHasHelp) {
  for (const char* name : {"controller", "ls", "call", "wait"}) {
    const auto finished = daffi_run({name, "--help"});
    EXPECT_EQ(finished.exit.code, 0) << name;
    for (const char* word : {"--host", "--port", "--unix-sock-path", "--token", "--ssl-certificate", "--ssl-key",
                             "--ssl-ca", "DAFFI_HOST", "DAFFI_PORT", "DAFFI_UNIX_SOCK_PATH", "DAFFI_TOKEN"}) {
      EXPECT_TRUE(contains(finished.output, word)) << name << " " << word;
    }
  }
  const auto all = daffi_run({"--help"});
  EXPECT_EQ(all.exit.code, 0);
  for (const char* name : {"controller", "ls", "call", "wait", "tasks", "cancel", "Exit codes"}) {
    EXPECT_TRUE(contains(all.output, name)) << name;
  }
  EXPECT_EQ(daffi_run({"--version"}).exit.code, 0);
}

TEST(CommandLine, SlipsAreNamed) {
  const auto command = daffi_run({"cal", "add"});
  EXPECT_EQ(command.exit.code, 2);
  EXPECT_TRUE(contains(command.errors, "no subcommand 'cal'")) << command.errors;
  for (const char* time : {"abc", "-1", "5x", "inf", ""}) {
    const auto finished = daffi_run({"ls", "--timeout", time});
    EXPECT_EQ(finished.exit.code, 2) << time;
    EXPECT_TRUE(contains(finished.errors, "'" + std::string(time) + "' is no number of seconds")) << finished.errors;
  }
}

TEST(CommandLine, WithoutAControllerExitsWithThree) {
  const TemporaryFolder folder;
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"ls"}, {"call", "f"}, {"wait", "f"}}) {
    auto arguments = command;
    for (const std::string& more : {std::string("--unix-sock-path"), folder.path().string(),
                                    std::string("--connect-timeout"), std::string("0.2")}) {
      arguments.push_back(more);
    }
    const auto finished = daffi_run(arguments);
    EXPECT_EQ(finished.exit.code, 3) << joined(arguments);
    EXPECT_TRUE(contains(finished.errors, "no controller answered at")) << finished.errors;
    EXPECT_EQ(finished.output, "");
  }
}

TEST(CommandLine, WithoutAControllerTheTimeoutBoundsTheWaitForOne) {
  const TemporaryFolder folder;
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"ls"}, {"call", "f"}, {"wait", "f"}, {"tasks", "w"}, {"cancel", "w", "task"}}) {
    auto arguments = command;
    for (const std::string& more :
         {std::string("--unix-sock-path"), folder.path().string(), std::string("--connect-timeout"),
          std::string("86400"), std::string("--timeout"), std::string("0.2")}) {
      arguments.push_back(more);
    }
    const auto finished = daffi_run(arguments);
    EXPECT_EQ(finished.exit.code, 3) << joined(arguments);
    EXPECT_TRUE(contains(finished.errors, "nobody listens at")) << finished.errors;
    EXPECT_TRUE(contains(finished.errors, folder.path().string())) << finished.errors;
  }
}

TEST(ControllerCommand, TakesAFreePortSaysWhichAndEndsInOrderOnSigterm) {
  Process controller(daffi_command(), {"controller", "--port", "0"}, daffi_environment());
  const std::string port = port_in(controller.wait_for_line("started"));
  EXPECT_EQ(daffi_run({"ls", "--port", port}).output, "no processes\n");
  EXPECT_EQ(daffi_run({"ls", "--host", "127.0.0.1", "--port", port}).exit.code, 0);

  const auto second = daffi_run({"controller", "--port", port});
  EXPECT_EQ(second.exit.code, 2);
  EXPECT_TRUE(contains(second.errors, port + " is taken")) << second.errors;

  controller.send(SIGTERM);
  EXPECT_EQ(controller.wait_for_exit(), (Exit{0, 0}));
}

TEST_F(Command, ASecondControllerOnTheSameSocketIsRefused) {
  const auto second = run({"controller"});
  EXPECT_EQ(second.exit.code, 2);
  EXPECT_TRUE(contains(second.errors, "is taken")) << second.errors;
  EXPECT_EQ(run({"call", "who"}).output, "\"w\"\n") << "the first one goes on";
}

TEST_F(Command, TasksAreListedAndCancelled) {
  EXPECT_EQ(run({"tasks", "w"}).output, "no tasks\n");
  std::string every, later;
  {
    GlobalOptions options;
    options.process_name = "planner";
    options.unix_sock_path = folder();
    Global g(options);
    g.wait_function("who", 30);
    every = (g.call("who") & PERIOD{.interval = "90 min"}).uuid();
    later = (g.call("who") & PERIOD{.at_time = std::chrono::system_clock::now() + std::chrono::hours(1)}).uuid();
  }
  const auto listed = run({"tasks", "w"});
  EXPECT_EQ(listed.exit.code, 0) << listed.errors;
  EXPECT_TRUE(contains(listed.output, every + "  who  every 5400 s, by planner, 0 runs, 0 skipped\n")) << listed.output;
  EXPECT_TRUE(contains(listed.output, later + "  who  1 to come, by planner, 0 runs, 0 skipped\n")) << listed.output;
  const auto json = Json::parse(run({"tasks", "w", "--json"}).output);
  ASSERT_EQ(json.size(), 2u);
  const auto& period = json[json[0]["uuid"] == every ? 0 : 1];
  EXPECT_EQ(period, (Json{{"uuid", every},
                          {"func_name", "who"},
                          {"condition", "period"},
                          {"interval", 5400.0},
                          {"scheduler", "planner"},
                          {"runs", 0},
                          {"skipped", 0}}));
  EXPECT_EQ(run({"cancel", "w", every}).output, "cancelled\n");
  EXPECT_EQ(run({"cancel", "w", every}).output, "had ended already\n");
  const auto unknown = run({"cancel", "w", "nonsense"});
  EXPECT_EQ(unknown.exit.code, 1);
  EXPECT_TRUE(contains(unknown.errors, "'nonsense'")) << unknown.errors;
  const auto nobody = run({"tasks", "nobody"});
  EXPECT_EQ(nobody.exit.code, 1);
  EXPECT_TRUE(contains(nobody.errors, "'nobody' is not running")) << nobody.errors;
}

TEST_F(Command, OutputThatCannotBeWrittenIsNoSuccess) {
  for (const char* what : {"ls", "ls --json", "call who", "tasks w"}) {
    Process shell("/bin/sh", {"-c", "exec \"" + daffi_command().string() + "\" " + what + " > /dev/full"},
                  daffi_environment({{"DAFFI_UNIX_SOCK_PATH", folder()}}));
    const auto finished = finish(shell);
    EXPECT_EQ(finished.exit.code, 1) << what;
    EXPECT_NE(finished.errors.find("the output cannot be written"), std::string::npos) << finished.errors;
  }
}

TEST_F(Command, ControllerSaysWhoJoinsAndLeavesAndEndsInOrder) {
  controller_.wait_for_line("'w' connected");
  worker_->send(SIGTERM);
  controller_.wait_for_line("'w'");
  controller_.send(SIGTERM);
  EXPECT_EQ(controller_.wait_for_exit(), (Exit{0, 0}));
}

TEST_F(Command, LsListsProcessesWithSignatures) {
  const auto finished = run({"ls"});
  EXPECT_EQ(finished.exit.code, 0);
  EXPECT_TRUE(finished.output.starts_with("w  c++, ")) << finished.output;
  EXPECT_TRUE(contains(finished.output, "\n  echo(str) -> str\n")) << finished.output;
  EXPECT_TRUE(contains(finished.output, "\n  scale(value: float, factor: float = 10.0) -> float\n")) << finished.output;
  EXPECT_FALSE(contains(finished.output, "\033")) << "colours are for terminals";
  EXPECT_EQ(finished.errors, "");
}

TEST_F(Command, LsAsJsonHasSignaturesAndDocumentation) {
  Process waiting(daffi_command(), {"wait", "nothing", "--unix-sock-path", folder()}, daffi_environment());
  Process calling(daffi_command(), {"call", "until_told", "--unix-sock-path", folder()}, daffi_environment());
  worker_->wait_for_line("serving");
  const auto finished = run({"ls", "--json"});
  EXPECT_EQ(finished.exit.code, 0);
  const Json members = Json::parse(finished.output);
  ASSERT_EQ(members.size(), 1U) << "those who only look are not listed: " << finished.output;
  EXPECT_EQ(members[0]["process"], "w");
  EXPECT_EQ(members[0]["language"], "c++");
  EXPECT_EQ(members[0]["state"], "present");
  Json scale;
  for (const auto& callback : members[0]["callbacks"]) {
    if (callback["name"] == "scale") scale = callback;
  }
  EXPECT_EQ(scale["signature"], "def scale(value: float, factor: float = 10.0) -> float");
  EXPECT_EQ(scale["documentation"], "Multiplies a value.");
  EXPECT_EQ(scale["returns"], "float");
  ASSERT_EQ(scale["parameters"].size(), 2U);
  EXPECT_EQ(scale["parameters"][0], (Json{{"name", "value"}, {"type", "float"}}));
  EXPECT_EQ(scale["parameters"][1], (Json{{"name", "factor"}, {"type", "float"}, {"default", "10.0"}}));
}

TEST_F(Command, CallTakesJsonAndKeywordsAndPrintsJson) {
  EXPECT_EQ(run({"call", "echo", R"("grüße \"x\"")"}).output, "\"grüße \\\"x\\\"\"\n");
  EXPECT_EQ(Json::parse(run({"call", "scale", "1.5"}).output), 15.0);
  EXPECT_EQ(Json::parse(run({"call", "scale", "1.5", "--kw", "factor=2"}).output), 3.0);
  EXPECT_EQ(Json::parse(run({"call", "scale", "--kw", "factor=2", "--kw", "value=4"}).output), 8.0);
  EXPECT_EQ(Json::parse(run({"call", "scale", "--", "-1", "-2"}).output), 2.0);
  EXPECT_EQ(Json::parse(run({"call", "count"}).output), nullptr);
  EXPECT_EQ(run({"call", "who", "--receiver", "w", "--timeout", "30"}).output, "\"w\"\n");
}

TEST_F(Command, CallOfWhatNobodyHasNamesNearOnes) {
  const auto finished = run({"call", "ecko", "1"});
  EXPECT_EQ(finished.exit.code, 1);
  EXPECT_TRUE(contains(finished.errors, "'ecko' is not found")) << finished.errors;
  EXPECT_TRUE(contains(finished.errors, "Did you mean 'echo'?")) << finished.errors;
  EXPECT_EQ(finished.output, "");

  const auto nobody = run({"call", "who", "--receiver", "nobody"});
  EXPECT_EQ(nobody.exit.code, 1);
  EXPECT_TRUE(contains(nobody.errors, "'nobody'")) << nobody.errors;
}

TEST_F(Command, CallWithWrongArgumentsNamesTheSignature) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"call", "scale"},
                                             {"call", "scale", "1", "2", "3"},
                                             {"call", "scale", "\"x\""},
                                             {"call", "scale", "1", "--kw", "by=2"}}) {
    const auto finished = run(arguments);
    EXPECT_EQ(finished.exit.code, 1) << joined(arguments);
    EXPECT_TRUE(contains(finished.errors, "scale(value: float, factor: float = 10.0)")) << finished.errors;
  }
}

TEST_F(Command, CallShowsTheCallbacksOwnError) {
  const auto finished = run({"call", "fail", "\"the cellar is flooded\""});
  EXPECT_EQ(finished.exit.code, 1);
  EXPECT_TRUE(contains(finished.errors, "the cellar is flooded")) << finished.errors;
  EXPECT_EQ(finished.output, "");
}

TEST_F(Command, CallThatTakesTooLongExitsWithFour) {
  const auto finished = run({"call", "hold", "--timeout", "0.3"});
  EXPECT_EQ(finished.exit.code, 4);
  EXPECT_TRUE(contains(finished.errors, "hold")) << finished.errors;
  EXPECT_EQ(finished.output, "");
}

TEST_F(Command, BroadcastPrintsResultsByProcessAndFailsWhenOneFails) {
  Process second(program("worker"), {"--folder", folder(), "--name", "second"});
  second.wait_for_line("ready");
  const auto fine = run({"call", "who", "--broadcast"});
  EXPECT_EQ(fine.exit.code, 0) << fine.errors;
  EXPECT_EQ(Json::parse(fine.output), (Json{{"second", "second"}, {"w", "w"}}));

  run({"call", "release", "--receiver", "w"});
  const auto late = run({"call", "hold", "--broadcast", "--timeout", "0.5"});
  EXPECT_EQ(late.exit.code, 4);
  EXPECT_EQ(Json::parse(late.output), (Json{{"w", "released"}})) << "what has arrived is printed";

  const auto failed = run({"call", "fail", "\"the cellar is flooded\"", "--broadcast"});
  EXPECT_EQ(failed.exit.code, 1);
  EXPECT_EQ(Json::parse(failed.output), Json::object());
  EXPECT_TRUE(contains(failed.errors, "second: ")) << failed.errors;
  EXPECT_TRUE(contains(failed.errors, "the cellar is flooded")) << failed.errors;

  EXPECT_EQ(run({"call", "nothing", "--broadcast"}).exit.code, 1);
  EXPECT_EQ(run({"call", "who", "--broadcast", "--receiver", "w"}).exit.code, 2);
}

TEST_F(Command, CallWithBadJsonIsWrongUsage) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"call", "echo", "text"},
                                             {"call", "echo", "[1,"},
                                             {"call", "echo", ""},
                                             {"call", "echo", "1 2"},
                                             {"call", "scale", "1", "--kw", "factor=x"},
                                             {"call", "scale", "1", "--kw", "factor"},
                                             {"call", "scale", "1", "--kw", "=1"}}) {
    const auto finished = run(arguments);
    EXPECT_EQ(finished.exit.code, 2) << joined(arguments) << finished.errors;
    EXPECT_TRUE(contains(finished.errors, "JSON")) << finished.errors;
  }
}

TEST_F(Command, WaitEndsWithTheCallbackOrTheTime) {
  EXPECT_EQ(run({"wait", "echo", "--timeout", "30"}).exit.code, 0);
  EXPECT_EQ(run({"wait", "--process", "w"}).exit.code, 0);
  const auto late = run({"wait", "nothing", "--timeout", "0.2"});
  EXPECT_EQ(late.exit.code, 4);
  EXPECT_TRUE(contains(late.errors, "'nothing'")) << late.errors;
  EXPECT_EQ(run({"wait", "--process", "nobody", "--timeout", "0.2"}).exit.code, 4);

  Process waiting(daffi_command(), {"wait", "who_second", "--unix-sock-path", folder()}, daffi_environment());
  Process second(program("worker"), {"--folder", folder(), "--name", "second"});
  EXPECT_EQ(waiting.wait_for_exit(), (Exit{0, 0}));
}

TEST_F(Command, CallOfAStreamWithoutSayingSoNamesTheOption) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"call", "numbers", "3"},
                                             {"call", "numbers", "3", "--receiver", "w"},
                                             {"call", "numbers", "3", "--broadcast"}}) {
    const auto finished = run(arguments);
    EXPECT_EQ(finished.exit.code, 1) << joined(arguments);
    EXPECT_TRUE(contains(finished.errors, "'numbers' gives a stream")) << finished.errors;
    EXPECT_TRUE(contains(finished.errors, "--stream")) << finished.errors;
    EXPECT_FALSE(contains(finished.errors, "Global::")) << finished.errors;
    EXPECT_EQ(finished.output, "");
  }
}

TEST_F(Command, InterruptedCallReachesTheCallee) {
  Process calling(daffi_command(), {"call", "until_told", "--unix-sock-path", folder()}, daffi_environment());
  worker_->wait_for_line("serving");
  calling.send(SIGHUP);  // handled like an interrupt: not at all
  EXPECT_EQ(calling.wait_for_exit(), (Exit{-1, SIGHUP}));
  worker_->wait_for_line("told to stop");
}

TEST(CommandEnvironment, AddressAndTokenMayStandThere) {
  Process controller(daffi_command(), {"controller"},
                     daffi_environment({{"DAFFI_PORT", "0"}, {"DAFFI_TOKEN", "open sesame"}}));
  const std::string port = port_in(controller.wait_for_line("started"));
  EXPECT_EQ(daffi_run({"ls"}, {{"DAFFI_PORT", port}, {"DAFFI_TOKEN", "open sesame"}}).exit.code, 0);
  EXPECT_EQ(
      daffi_run({"ls"}, {{"DAFFI_HOST", "127.0.0.1"}, {"DAFFI_PORT", port}, {"DAFFI_TOKEN", "open sesame"}}).exit.code,
      0);
  EXPECT_EQ(daffi_run({"ls"}, {{"DAFFI_PORT", port}, {"DAFFI_TOKEN", "open barley"}}).exit.code, 3);
  EXPECT_EQ(
      daffi_run({"ls", "--token", "open sesame"}, {{"DAFFI_PORT", port}, {"DAFFI_TOKEN", "open barley"}}).exit.code, 0)
      << "the command line wins";
  EXPECT_EQ(daffi_run({"ls", "--host", "127.0.0.1"}, {{"DAFFI_PORT", port}, {"DAFFI_TOKEN", "open sesame"}}).exit.code,
            0)
      << "the two halves of an address may stand apart";
}

TEST_F(Command, AnAddressGivenOutrightHidesTheOtherKindInTheEnvironment) {
  Process tcp(daffi_command(), {"controller", "--port", "0"}, daffi_environment({{"DAFFI_UNIX_SOCK_PATH", folder()}}));
  const std::string port = port_in(tcp.wait_for_line("started"));
  EXPECT_EQ(daffi_run({"ls", "--port", port}, {{"DAFFI_UNIX_SOCK_PATH", folder()}}).output, "no processes\n");
  const auto socket =
      daffi_run({"call", "who", "--unix-sock-path", folder()}, {{"DAFFI_HOST", "localhost"}, {"DAFFI_PORT", port}});
  EXPECT_EQ(socket.output, "\"w\"\n") << socket.errors;
}

}  // namespace
}  // namespace daffi::tests
