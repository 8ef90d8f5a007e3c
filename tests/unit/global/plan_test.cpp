/// @file  What a Global refuses to start with, and what it makes of the rest.
#include "global/plan.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace {

using daffi::GlobalOptions;
using daffi::global_::make_plan;
using namespace std::chrono_literals;

std::string refusal(const GlobalOptions& options) {
  auto plan = make_plan(options);
  if (plan.ok()) return "accepted";
  EXPECT_EQ(plan.failure().code, daffi::ErrorCode::initialization);
  return plan.failure().message;
}

void expect_refusal(const GlobalOptions& options, const std::string& words) {
  EXPECT_EQ(refusal(options).substr(0, words.size()), words);
}

TEST(Plan, NeedsARole) { expect_refusal({.init_node = false}, "init_controller and init_node are both false"); }

TEST(Plan, TakesTcpOrAUnixSocket) {
  expect_refusal({.init_controller = true, .host = "localhost", .unix_sock_path = "/tmp/x"},
                 "unix_sock_path does not go together with host");
  expect_refusal({.init_controller = true, .port = 1, .unix_sock_path = "/tmp/x"},
                 "unix_sock_path does not go together with port");
}

TEST(Plan, NamesABadAddress) {
  expect_refusal({.host = "localhost"}, "port is missing");
  expect_refusal({.host = "localhost", .port = 0}, "port is missing");
  expect_refusal({.init_controller = true, .host = ""}, "host is empty");
  expect_refusal({.host = "localhost", .port = 70000}, "port must be between");
  expect_refusal({.host = "localhost", .port = -1}, "port must be between");
}

TEST(Plan, NeedsCertificateAndKeyTogether) {
  expect_refusal({.host = "localhost", .port = 1, .ssl_certificate = "/nowhere/cert.pem"}, "ssl_key is missing");
  expect_refusal({.host = "localhost", .port = 1, .ssl_key = "/nowhere/key.pem"}, "ssl_certificate is missing");
  expect_refusal({.host = "localhost", .port = 1, .ssl_certificate = "/nowhere/c.pem", .ssl_key = "/nowhere/k.pem"},
                 "ssl_certificate cannot be read: /nowhere/c.pem");
  expect_refusal({.host = "localhost", .port = 1, .ssl_ca = "/nowhere/ca.pem"}, "ssl_ca cannot be read");
}

TEST(Plan, NamesNegativeAndExtremeTimes) {
  expect_refusal({.grace = -1}, "grace must not be negative: -1s");
  expect_refusal({.connect_wait = -1}, "connect_wait must not be negative");
  expect_refusal({.heartbeat = 0.5}, "heartbeat must be at least 1s: 500ms");
  expect_refusal({.busy_poll = 1s}, "busy_poll must be at most 10ms");
}

TEST(Plan, NamesLimitsThatAreNone) {
  expect_refusal({.handler_threads = 0}, "handler_threads must be between");
  expect_refusal({.max_message_size = 1}, "max_message_size must be at least");
  expect_refusal({.balance = daffi::Balance::sticky}, "balance must not be sticky");
  expect_refusal({.process_name = std::string(257, 'x')}, "process_name is longer");
  expect_refusal({.process_name = "\xff"}, "process_name is not UTF-8");
}

TEST(Plan, GivesEachNamelessProcessARandomName) {
  const auto a = make_plan({}).value().process_name;
  const auto b = make_plan({}).value().process_name;
  EXPECT_TRUE(std::regex_match(a, std::regex("[0-9a-f]{16}"))) << a;
  EXPECT_NE(a, b);
}

TEST(Plan, FallsBackToTheUnixSocketAndToLocalhost) {
  EXPECT_EQ(make_plan({}).value().endpoint.kind, daffi::net::Endpoint::Kind::unix_socket);
  EXPECT_EQ(make_plan({.port = 8888}).value().endpoint.to_string(), "localhost:8888");
  EXPECT_EQ(make_plan({.init_controller = true, .host = "localhost"}).value().endpoint.port, 0);
}

TEST(Plan, DemandsProofOnlyWhereASecretIsSet) {
  EXPECT_FALSE(make_plan({.init_controller = true}).value().controller.require_proof);
  EXPECT_TRUE(make_plan({.init_controller = true, .token = "s3cret"}).value().controller.require_proof);
}

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Options, PageHasARowForEachOptionAndNoOther) {
  const auto header = content_of("include/daffi/options.hpp");
  const auto begin = header.find("struct GlobalOptions");
  const auto table = header.substr(begin, header.find("struct JoinOptions") - begin);
  const std::regex field(R"(\n  [A-Z][\w:<>]*[^\n(]*? (\w+) = |\n  (?:bool|std::)[^\n(]*? (\w+) = )");
  std::set<std::string> fields;
  for (std::sregex_iterator it(table.begin(), table.end(), field), end; it != end; ++it)
    fields.insert((*it)[1].matched ? (*it)[1] : (*it)[2]);
  const auto page = content_of("docs/options.md");
  const std::regex row(R"(\n\| `(\w+)` \|)");
  std::set<std::string> rows;
  for (std::sregex_iterator it(page.begin(), page.end(), row), end; it != end; ++it) rows.insert((*it)[1]);
  EXPECT_GT(fields.size(), 20u);
  EXPECT_EQ(fields, rows);
}

}  // namespace
