/// @file  Runs every example as the separate processes it is meant to be, and reads what they print.
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace daffi::tests {
namespace {

using Lines = std::vector<std::string>;

// Everything the examples write outside their output (cookies, sockets) goes into a folder of the test's own.
class Stage {
 public:
  Stage() : environment_{{"XDG_RUNTIME_DIR", folder_.path()}, {"DAFFI_LOG", "warning"}} {}

  std::string folder() const { return folder_.path(); }
  std::string in_folder(const std::string& name) const { return folder_.path() / name; }

  Process start(const std::string& name, std::vector<std::string> arguments) const {
    return {example(name), std::move(arguments), environment_};
  }

 private:
  TemporaryFolder folder_;
  Process::Environment environment_;
};

// As a supervisor would: it must end by itself, with success.
Exit end_politely(Process& process, int signal = SIGTERM) {
  process.wait_for_handler(signal);
  process.send(signal);
  return process.wait_for_exit();
}

// A running example that listens on a free port, and how a client gets there.
class Service {
 public:
  Service(const Stage& stage, const std::string& name, std::vector<std::string> more = {})
      : process_(stage.start(name, with({"--port", "0"}, std::move(more)))),
        port_(last_word(process_.wait_for_line("listening on port"))) {}

  Process& process() { return process_; }
  const std::string& port() const { return port_; }
  std::vector<std::string> reach() const { return {"--port", port_}; }

  Exit end() { return end_politely(process_); }

 private:
  static std::vector<std::string> with(std::vector<std::string> first, std::vector<std::string> more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
  }
  static std::string last_word(const std::string& line) { return line.substr(line.rfind(' ') + 1); }

  Process process_;
  std::string port_;
};

const Exit success{0, 0};

// What a client prints from its start to its end, which must be a good one.
Lines printed_by(const Stage& stage, const std::string& client, const std::vector<std::string>& arguments) {
  Process process = stage.start(client, arguments);
  EXPECT_EQ(process.wait_for_exit(), success) << client << ": " << testing::PrintToString(process.error_lines());
  return process.lines();
}

// The usual example: one service, one client, one output.
void expect_output(const std::string& service_name, const std::string& client, const Lines& expected) {
  const Stage stage;
  Service service(stage, service_name);
  EXPECT_EQ(printed_by(stage, client, service.reach()), expected);
  EXPECT_EQ(service.end(), success);
}

TEST(Example, PrivateMethodIsRefusedWithTheNamesThereAre) {
  const Stage stage;
  Service service(stage, "private_methods_service");
  Process client = stage.start("private_methods_client", service.reach());
  EXPECT_EQ(client.wait_for_line(""), "3");
  EXPECT_NE(client.wait_for_line("refused").find("get_sum"), std::string::npos);
  EXPECT_EQ(client.wait_for_exit(), success);
}

TEST(Example, ShoppingListIsKeptByTheServiceAndChangedByTheShopper) {
  const Stage stage;
  Service service(stage, "shopping_service");
  const Lines said = printed_by(stage, "shopper", service.reach());
  ASSERT_EQ(said.size(), 4u);
  EXPECT_EQ(said[0], "on the list: nothing");
  EXPECT_EQ(said[1], "on the list: orange");
  // The last two were added at the same time.
  EXPECT_TRUE(said[2] == "on the list: orange bread cheese" || said[2] == "on the list: orange cheese bread")
      << said[2];
  EXPECT_EQ(said[3], "on the list: nothing");
  service.process().wait_for_line("adding orange");
  service.process().wait_for_line("clearing the list");
  EXPECT_EQ(service.end(), success);
}

TEST(Example, ShoppingWorksOverAUnixSocket) {
  const Stage stage;
  const std::vector<std::string> reach{"--unix-sock-path", stage.in_folder("socket")};
  Process service = stage.start("shopping_service", reach);
  service.wait_for_line("listening on " + stage.in_folder("socket"));
  EXPECT_EQ(printed_by(stage, "shopper", reach).back(), "on the list: nothing");
  EXPECT_EQ(end_politely(service, SIGINT), success);
}

TEST(Example, CalculatorAddsAnyNumberOfNumbers) {
  expect_output("calculator_service", "calculator_client", {"3", "60"});
  expect_output("calculator_functions_service", "calculator_functions_client", {"3", "60", "9"});
}

TEST(Example, FetcherBodiesPrepareTheArguments) {
  expect_output("arithmetic_service", "arithmetic_client", {"6", "60"});
  expect_output("arithmetic_functions_service", "arithmetic_functions_client", {"6", "60", "42"});
}

TEST(Example, ServiceObjectIsBuiltWithAnArgument) { expect_output("multiplier_service", "sum_client", {"9"}); }

TEST(Example, AliasesNameOneCallbackTwice) {
  expect_output("alias_service", "alias_client", {"3", "6", "12"});
  expect_output("alias_functions_service", "alias_functions_client", {"3", "6", "12"});
}

TEST(Example, NamedProcessIsWaitedFor) {
  const Stage stage;
  Service service(stage, "named_service");
  Process client = stage.start("named_client", service.reach());
  client.wait_for_line("here, as calculator client");
  service.process().wait_for_line("Calculator client has been started...");
  EXPECT_EQ(end_politely(client), success);
  EXPECT_EQ(service.end(), success);
}

void expect_both_directions(const std::string& shop_name, const std::string& calculator_name) {
  const Stage stage;
  Service shop(stage, shop_name);
  Process calculator = stage.start(calculator_name, shop.reach());
  EXPECT_EQ(calculator.wait_for_line("Received"), "Received shopping items: apple cheese milk");
  EXPECT_EQ(shop.process().wait_for_line("Calculated"), "Calculated sum: 6");
  EXPECT_EQ(end_politely(calculator), success);
  EXPECT_EQ(shop.end(), success);
}

TEST(Example, TwoProcessesCallEachOther) {
  expect_both_directions("bidirectional_shop", "bidirectional_calculator");
  expect_both_directions("bidirectional_functions_shop", "bidirectional_functions_calculator");
}

TEST(Example, CalculatorWorksOverTls) {
  const Stage stage;
  Process make("/bin/sh", {"-c", "cd \"$1\" && sh \"$2\"", "make", stage.folder(),
                           std::filesystem::absolute("examples/cpp/make_certificate.sh")});
  ASSERT_EQ(make.wait_for_exit(), success) << testing::PrintToString(make.error_lines());
  const std::vector<std::string> files{"--certificate", stage.in_folder("cert.pem"), "--key",
                                       stage.in_folder("key.pem")};
  Service service(stage, "tls_service", files);
  std::vector<std::string> arguments = service.reach();
  arguments.insert(arguments.end(), files.begin(), files.end());
  EXPECT_EQ(printed_by(stage, "tls_client", arguments), (Lines{"3", "60"}));
  EXPECT_EQ(service.end(), success);
}

TEST(Example, LifecycleHooksTellOfEachComingAndGoing) {
  const Stage stage;
  Service service(stage, "lifecycle_service");
  Process client = stage.start("lifecycle_client", service.reach());
  client.wait_for_line("lifecycle client connected");
  service.process().wait_for_line("lifecycle client joined");
  EXPECT_EQ(end_politely(client), success);
  const Lines said = client.lines();
  EXPECT_EQ(std::multiset<std::string>(said.begin(), said.end()),
            (std::multiset<std::string>{"lifecycle client is up", "lifecycle client connected",
                                        "lifecycle client disconnected"}));
  service.process().wait_for_line("lifecycle client left");
  EXPECT_EQ(service.end(), success);
}

TEST(Example, LifecycleHooksTellOfAControllerLostAndFoundAgain) {
  const Stage stage;
  auto service = std::make_unique<Service>(stage, "lifecycle_service");
  const std::vector<std::string> reach = service->reach();
  Process client = stage.start("lifecycle_client", reach);
  client.wait_for_line("lifecycle client connected");
  service.reset();  // killed
  client.wait_for_line("lifecycle client disconnected");
  Process successor = stage.start("lifecycle_service", reach);
  client.wait_for_line("lifecycle client connected");
  successor.wait_for_line("lifecycle client joined");
  EXPECT_EQ(end_politely(client), success);
}

TEST(Example, BackgroundCallsAreAskedForLater) {
  const Lines common{"Waiting", "Fibonacci result: 6765", "Fibonacci result: 610"};
  expect_output("fibonacci_service", "fibonacci_client", common);
  Lines with_coroutine = common;
  with_coroutine.push_back("Fibonacci result: 144");
  expect_output("fibonacci_functions_service", "fibonacci_functions_client", with_coroutine);
}

TEST(Example, ScheduledCallsAreMadeByTheirProcessUntilTheyAreCancelled) {
  const Stage stage;
  Service service(stage, "scheduler_service");
  EXPECT_EQ(printed_by(stage, "scheduler_client", service.reach()),
            (Lines{"stopped watering: yes", "and again: no", "scheduled open_window at greenhouse"}));
  service.process().wait_for_line("watering, round 1");
  // Its client has gone; the task has not.
  service.process().wait_for_line("opening the north window");
  service.process().wait_for_line("opening the north window");
  EXPECT_EQ(service.end(), success);
}

TEST(Example, ScheduledTasksAreLookedAtAndEnded) {
  const Stage stage;
  Service service(stage, "scheduler_functions_service");
  EXPECT_EQ(printed_by(stage, "scheduler_functions_client", service.reach()),
            (Lines{"ring_bell: 1 to come", "ring_bell: 2 to come", "ring_bell: every 5400 seconds", "left: 0",
                   "the past cannot be scheduled"}));
  service.process().wait_for_line("ringing 1 times");
  EXPECT_EQ(service.end(), success);
}

TEST(Example, EveryProcessWithAMenuIsAskedForItAtOnce) {
  const Stage stage;
  Service burgers(stage, "burger_menu_service");
  Process hotdogs = stage.start("hotdog_menu_service", burgers.reach());
  hotdogs.wait_for_line("serving");
  const Lines menus{"burger menu: Smash, Cheese, Double, Veggie", "hotdog menu: Classic, Chili, Chicago"};
  Lines expected = menus;
  expected.insert(expected.end(), {"hotdog menu: Chili, Chili", "hotdog menu failed: we have no Caviar"});
  expected.insert(expected.end(), menus.begin(), menus.end());
  EXPECT_EQ(printed_by(stage, "menu_client", burgers.reach()), expected);
  EXPECT_EQ(end_politely(hotdogs), success);
  EXPECT_EQ(burgers.end(), success);
}

TEST(Example, ModuleRunsInAProcessThatHasNeverHeardOfIt) {
  const Stage stage;
  Process executor = stage.start("executor", {"--port", "0"});
  const std::string process = executor.wait_for_line("process ").substr(8);
  const std::string line = executor.wait_for_line("listening on port");
  const Lines said = printed_by(stage, "transfer_client", {"--port", line.substr(line.rfind(' ') + 1)});
  ASSERT_EQ(said.size(), 3u);
  EXPECT_EQ(said[0], "Pid of remote process: " + process);
  EXPECT_EQ(said[1], "Mean: 3");
  EXPECT_NE(said[2].find("has no function 'median'; it has: def process_id() -> int"), std::string::npos) << said[2];
  EXPECT_EQ(end_politely(executor), success);
}

TEST(Example, AFetcherThatYieldsStreamsToTheService) {
  const Stage stage;
  Service service(stage, "stream_service");
  EXPECT_EQ(printed_by(stage, "stream_client", service.reach()), (Lines{"The service has 100 items, from 0 to 99"}));
  service.process().wait_for_line("100 items, the last from streamer client");
  EXPECT_EQ(service.end(), success);
}

TEST(Example, ACallbackThatYieldsStreamsToTheClient) {
  const Stage stage;
  Service service(stage, "generator_service");
  EXPECT_EQ(printed_by(stage, "generator_client", service.reach()),
            (Lines{"The last item is 999", "Their sum is 499500", "tick 1", "tick 2", "tick 3"}));
  service.process().wait_for_line("Nobody listens any more");
  EXPECT_EQ(service.end(), success);
}

// Any client works with any service that has what it calls: classes and functions are one on the wire.
TEST(Example, ClassesAndFunctionsUnderstandEachOther) {
  expect_output("calculator_service", "calculator_functions_client", {"3", "60", "9"});
  expect_output("alias_functions_service", "alias_client", {"3", "6", "12"});
  expect_output("private_methods_service", "sum_client", {"3"});
}

}  // namespace
}  // namespace daffi::tests
