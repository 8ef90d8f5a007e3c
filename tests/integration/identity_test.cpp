/// @file  Who is let in, end to end: the token, TLS pinned to one certificate, and TLS under an authority.
#include <gtest/gtest.h>

#include <memory>

#include "daffi/daffi.hpp"
#include "support/command.hpp"

namespace daffi::tests {
namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Certificates, made by the openssl command in a folder of the test's own.
class Identity : public ::testing::Test {
 protected:
  // NAME.pem and NAME.key, signed by themselves or by `authority`.
  void make_certificate(const std::string& name, const std::string& alternatives = "",
                        const std::string& authority = "") const {
    std::vector<std::string> arguments{"openssl",
                                       "req",
                                       "-x509",
                                       "-newkey",
                                       "ec",
                                       "-pkeyopt",
                                       "ec_paramgen_curve:prime256v1",
                                       "-sha256",
                                       "-nodes",
                                       "-days",
                                       "2",
                                       "-subj",
                                       "/CN=" + name,
                                       "-out",
                                       file(name + ".pem"),
                                       "-keyout",
                                       file(name + ".key")};
    const auto add = [&](std::initializer_list<std::string> more) { arguments.insert(arguments.end(), more); };
    if (!alternatives.empty()) add({"-addext", "subjectAltName=" + alternatives});
    if (!authority.empty()) add({"-CA", file(authority + ".pem"), "-CAkey", file(authority + ".key")});
    Process openssl("/usr/bin/env", arguments);
    const auto finished = finish(openssl);
    ASSERT_EQ(finished.exit.code, 0) << finished.errors;
  }

  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  // Words of a command line for the certificate NAME, pinned, or under an authority.
  std::vector<std::string> tls(const std::string& name, const std::string& authority = "") const {
    std::vector<std::string> result{"--ssl-certificate", file(name + ".pem"), "--ssl-key", file(name + ".key")};
    if (!authority.empty()) result.insert(result.end(), {"--ssl-ca", file(authority + ".pem")});
    return result;
  }

  void start_controller(const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"controller", "--port", "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    controller_ = std::make_unique<Process>(daffi_command(), arguments, daffi_environment());
    port_ = port_in(controller_->wait_for_line("started"));
  }

  void start_worker(const std::vector<std::string>& more, const Process::Environment& changes = {}) {
    std::vector<std::string> arguments{"--port", port_, "--name", "w"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    worker_ = std::make_unique<Process>(program("worker"), arguments, changes);
    worker_->wait_for_line("ready");
  }

  std::vector<std::string> tls_of_worker(const std::string& name) const {
    return {"--certificate", file(name + ".pem"), "--key", file(name + ".key")};
  }

  void start_worker_with(const std::string& name, const std::string& authority = "",
                         const Process::Environment& changes = {}) {
    std::vector<std::string> more = tls_of_worker(name);
    if (!authority.empty()) more.insert(more.end(), {"--ca", file(authority + ".pem")});
    start_worker(more, changes);
  }

  GlobalOptions options() const {
    GlobalOptions options;
    options.process_name = "caller";
    options.port = std::stoi(port_);
    options.connect_timeout = 30;
    return options;
  }

  GlobalOptions options_with(const std::string& name, const std::string& authority = "") const {
    GlobalOptions result = options();
    result.ssl_certificate = file(name + ".pem");
    result.ssl_key = file(name + ".key");
    if (!authority.empty()) result.ssl_ca = file(authority + ".pem");
    return result;
  }

  Finished ls(const std::vector<std::string>& more, Process::Environment changes = {}) const {
    std::vector<std::string> arguments{"ls", "--port", port_, "--connect-timeout", "30"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return daffi_run(arguments, std::move(changes));
  }

  // A process of this host that cannot prove that it is ours: as far as the controller can tell, another user's.
  Process::Environment stranger() const { return {{"DAFFI_COOKIE_FILE", file("another cookie")}}; }

  TemporaryFolder folder_;
  std::unique_ptr<Process> controller_;
  std::unique_ptr<Process> worker_;
  std::string port_;
};

void expect_refused(GlobalOptions options, const std::string& because) {
  try {
    const Global g(std::move(options));
    ADD_FAILURE() << "let in, instead of: " << because;
  } catch (const InitializationError& error) {
    EXPECT_EQ(error.code(), ErrorCode::refused) << error.message();
    EXPECT_TRUE(contains(error.message(), because)) << error.message();
  }
}

void expect_calls_go_through(GlobalOptions options) {
  Global g(std::move(options));
  g.wait_function("who", 30);
  EXPECT_EQ(Fetch<std::string()>(g, "who").call(FG{.timeout = 30}), "w");
  // Longer than many records of TLS.
  const std::string large(200'000, 'x');
  EXPECT_EQ(Fetch<std::string(std::string)>(g, "echo").call(FG{.timeout = 60}, large), large);
}

// What becomes of code that the caller sends to the worker: a version, or the error.
std::string code_sent_by(GlobalOptions options) {
  Global g(std::move(options));
  g.wait_process("w", 30);
  try {
    return std::to_string(g.transfer_and_call<int>("w", Module::from_file(module_file("version_1")), "version"));
  } catch (const NotPermittedError& error) {
    return "not permitted: " + error.message();
  }
}

TEST_F(Identity, CodeOfACertificateRunsWhereThatIsAllowed) {
  make_certificate("shared");
  start_controller(tls("shared"));
  const auto worker = tls_of_worker("shared");
  start_worker(worker, stranger());
  const auto refused = code_sent_by(options_with("shared"));
  EXPECT_TRUE(contains(refused, "not permitted: ")) << refused;
  EXPECT_TRUE(contains(refused, "allow_code")) << refused;
  worker_ = nullptr;
  auto allowing = worker;
  allowing.insert(allowing.end(), {"--allow-code", "1"});
  start_worker(allowing, stranger());
  EXPECT_EQ(code_sent_by(options_with("shared")), "1");
}

TEST_F(Identity, CodeOfATokenIsNotRunWhateverIsAllowed) {
  start_controller({"--token", "open sesame"});
  start_worker({"--token", "open sesame", "--allow-code", "1"}, stranger());
  GlobalOptions mine = options();
  mine.token = "open sesame";
  const auto refused = code_sent_by(std::move(mine));
  EXPECT_TRUE(contains(refused, "not permitted: ")) << refused;
}

TEST_F(Identity, CodeOfTheSameUserOfThisHostRunsWithoutAWord) {
  start_controller({});
  start_worker({});
  EXPECT_EQ(code_sent_by(options()), "1");
}

TEST_F(Identity, AControllerWithATokenAdmitsNobodyWithoutIt) {
  start_controller({"--token", "open sesame"});
  expect_refused(options(), "admits nobody without its token");
  const auto finished = ls({});
  EXPECT_EQ(finished.exit.code, 3);
  EXPECT_TRUE(contains(finished.errors, "admits nobody without its token")) << finished.errors;
}

TEST_F(Identity, AWrongTokenIsRefusedAndNotShown) {
  start_controller({"--token", "open sesame"});
  GlobalOptions wrong = options();
  wrong.token = "open barley";
  expect_refused(std::move(wrong), "does not know this process's token");
  const auto finished = ls({"--token", "open barley"});
  EXPECT_EQ(finished.exit.code, 3);
  EXPECT_TRUE(contains(finished.errors, "token")) << finished.errors;
  EXPECT_FALSE(contains(finished.errors, "barley")) << finished.errors;
}

TEST_F(Identity, AControllerWithoutTheTokenIsNotBelieved) {
  start_controller({});
  GlobalOptions careful = options();
  careful.token = "open sesame";
  expect_refused(std::move(careful), "does not know this process's token");
}

TEST_F(Identity, TheRightTokenOpens) {
  start_controller({"--token", "open sesame"});
  start_worker({"--token", "open sesame"});
  GlobalOptions right = options();
  right.token = "open sesame";
  expect_calls_go_through(std::move(right));
}

TEST_F(Identity, TheTokenHoldsOnUnixSocketsToo) {
  Process controller(daffi_command(), {"controller", "--unix-sock-path", file("socket"), "--token", "open sesame"},
                     daffi_environment());
  controller.wait_for_line("started");
  EXPECT_EQ(daffi_run({"ls", "--unix-sock-path", file("socket")}).exit.code, 3);
  EXPECT_EQ(daffi_run({"ls", "--unix-sock-path", file("socket"), "--token", "open sesame"}).exit.code, 0);
}

TEST_F(Identity, OneCertificateOnBothSidesOpens) {
  make_certificate("shared");
  start_controller(tls("shared"));
  start_worker_with("shared", "", stranger());
  expect_calls_go_through(options_with("shared"));
  const auto finished = ls(tls("shared"), stranger());
  EXPECT_EQ(finished.exit.code, 0) << finished.errors;
  EXPECT_TRUE(contains(finished.output, "who() -> str"));
}

TEST_F(Identity, AnotherCertificateIsRefused) {
  make_certificate("shared");
  make_certificate("other");
  start_controller(tls("shared"));
  expect_refused(options_with("other"), "certificate is not the one in ssl_certificate");
  const auto finished = ls(tls("other"));
  EXPECT_EQ(finished.exit.code, 3);
  EXPECT_TRUE(contains(finished.errors, "certificate")) << finished.errors;
}

TEST_F(Identity, WhoTrustsAPinnedControllerButShowsNothingIsToldWhatItDemands) {
  make_certificate("shared", "DNS:localhost,IP:127.0.0.1,IP:::1");
  start_controller(tls("shared"));
  GlobalOptions bare = options();
  bare.ssl_ca = file("shared.pem");
  const auto began = std::chrono::steady_clock::now();
  expect_refused(std::move(bare), "demands a client certificate: give ssl_certificate and ssl_key");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(15)) << "it was tried again and again";
  const auto finished = ls({"--ssl-ca", file("shared.pem")});
  EXPECT_EQ(finished.exit.code, 3);
  EXPECT_TRUE(contains(finished.errors, "demands a client certificate")) << finished.errors;
}

TEST_F(Identity, ACertificateThatTheControllerDoesNotTrustIsToldSo) {
  make_certificate("authority");
  make_certificate("crooks");
  make_certificate("hub", "DNS:localhost,IP:127.0.0.1,IP:::1", "authority");
  make_certificate("waiter", "", "crooks");
  start_controller(tls("hub", "authority"));
  expect_refused(options_with("waiter", "authority"), "the other side ended TLS");
}

TEST_F(Identity, PlainToATlsControllerIsForThisHostsUserOnly) {
  make_certificate("shared");
  start_controller(tls("shared"));
  start_worker({});
  expect_calls_go_through(options());
  const auto finished = ls({}, stranger());
  EXPECT_EQ(finished.exit.code, 3);
  EXPECT_TRUE(contains(finished.errors, "takes TLS connections only")) << finished.errors;
}

TEST_F(Identity, TlsToAPlainControllerIsRefused) {
  make_certificate("shared");
  start_controller({});
  const auto finished = daffi_run({"ls", "--port", port_, "--connect-timeout", "2", "--ssl-certificate",
                                   file("shared.pem"), "--ssl-key", file("shared.key")});
  EXPECT_EQ(finished.exit.code, 3);
  EXPECT_NE(finished.errors, "");
}

TEST_F(Identity, UnderAnAuthorityEachHasACertificateOfItsOwn) {
  make_certificate("authority");
  make_certificate("hub", "DNS:localhost,IP:127.0.0.1,IP:::1", "authority");
  make_certificate("kitchen", "", "authority");
  make_certificate("waiter", "", "authority");
  start_controller(tls("hub", "authority"));
  start_worker_with("kitchen", "authority", stranger());
  expect_calls_go_through(options_with("waiter", "authority"));
  const auto finished = ls(tls("waiter", "authority"));
  EXPECT_TRUE(contains(finished.output, "kitchen"))
      << "who is known by a certificate is shown by its name: " << finished.output;
}

TEST_F(Identity, UnderAnAuthorityTheHostNameMustFit) {
  make_certificate("authority");
  make_certificate("elsewhere", "DNS:elsewhere.example", "authority");
  make_certificate("waiter", "", "authority");
  start_controller(tls("elsewhere", "authority"));
  expect_refused(options_with("waiter", "authority"), "localhost");
  const auto finished = ls(tls("waiter", "authority"));
  EXPECT_EQ(finished.exit.code, 3);
  EXPECT_TRUE(contains(finished.errors, "localhost")) << finished.errors;
}

TEST_F(Identity, AnotherAuthoritysControllerIsRefused) {
  make_certificate("authority");
  make_certificate("crooks");
  make_certificate("hub", "DNS:localhost,IP:127.0.0.1,IP:::1", "crooks");
  make_certificate("waiter", "", "authority");
  start_controller(tls("hub", "crooks"));
  expect_refused(options_with("waiter", "authority"), "certificate");
}

}  // namespace
}  // namespace daffi::tests
