/// @file  Who sits on the port in the controller's place: what it can learn of secrets, and what it can have run.
#include "support/false_controller.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>

#include "base/sha256.hpp"
#include "rpc/code_message.hpp"
#include "rpc/system_callbacks.hpp"
#include "support/command.hpp"

namespace daffi::tests {
namespace {

constexpr const char* kToken = "a long token that nobody else can know";

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string hex(const std::string& bytes) {
  static constexpr const char* kDigits = "0123456789abcdef";
  std::string result;
  for (const char each : bytes) {
    const auto byte = static_cast<unsigned char>(each);
    result += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return result;
}

// Proofs of both kinds by somebody who knows neither secret.
std::vector<wire::KeyProof> forged() {
  std::vector<wire::KeyProof> proofs;
  for (const auto kind : {wire::ProofKind::cookie, wire::ProofKind::token}) {
    for (const auto fill : {std::byte{0}, std::byte{0xAA}}) {
      proofs.push_back({kind, {}});
      proofs.back().mac.fill(fill);
    }
  }
  return proofs;
}

class Squatter : public ::testing::Test {
 protected:
  Squatter() {
    for (int i = 0; i < 32; ++i) cookie_ += static_cast<char>('A' + i);
    std::ofstream(cookie_file(), std::ios::binary) << cookie_;
    ::chmod(cookie_file().c_str(), 0600);
  }
  std::string cookie_file() const { return folder_.path() / "cookie"; }

  // A process that wants into the system, until it gives up by itself or `enough` has been heard.
  Finished visit(FalseController& squatter, const std::string& token, const std::function<bool()>& enough) {
    std::vector<std::string> arguments{"ls", "--port", std::to_string(squatter.port()), "--connect-timeout", "60"};
    if (!token.empty()) arguments.insert(arguments.end(), {"--token", token});
    Process visitor(daffi_command(), arguments, daffi_environment({{"DAFFI_COOKIE_FILE", cookie_file()}}));
    EXPECT_TRUE(squatter.until([&] { return enough() || ::kill(visitor.pid(), 0) != 0; }));
    visitor.send(SIGKILL);
    return finish(visitor);
  }
  void expect_nothing_learnt(const FalseController& squatter) {
    const std::string& heard = squatter.recording();
    for (const std::string& secret : {cookie_, std::string(kToken)}) {
      EXPECT_FALSE(contains(heard, secret));
      EXPECT_FALSE(contains(heard, hex(secret)));
      // Not in parts either.
      EXPECT_FALSE(contains(heard, secret.substr(0, 8)));
      EXPECT_FALSE(contains(heard, secret.substr(secret.size() - 8)));
    }
    // Nothing that a guess could be tried on.
    for (const auto& proof : squatter.proofs()) EXPECT_TRUE(proof.proofs.empty());
    std::set<wire::Nonce> nonces;
    for (const auto& hello : squatter.hellos()) nonces.insert(hello.nonce);
    EXPECT_EQ(nonces.size(), squatter.hellos().size()) << "each connection is another";
  }

  TemporaryFolder folder_;
  std::string cookie_;
};

TEST_F(Squatter, OnThePortLearnsNeitherCookieNorTokenNorAnythingToTryGuessesOn) {
  for (const auto& proofs : {std::vector<wire::KeyProof>{}, forged()}) {
    FalseController squatter({.proofs = proofs, .welcomes = false});
    const auto proved = [&] { return !squatter.proofs().empty(); };
    const auto finished = visit(squatter, kToken, proved);
    EXPECT_EQ(finished.exit.code, 3) << "who has a token goes on only with who knows it";
    EXPECT_TRUE(contains(finished.errors, "does not know this process's token")) << finished.errors;
    EXPECT_FALSE(contains(finished.errors, kToken));
    EXPECT_FALSE(proved());
    // Without a token it goes on, and shows nothing.
    (void)visit(squatter, "", proved);
    EXPECT_TRUE(proved());
    expect_nothing_learnt(squatter);
  }
}

TEST_F(Squatter, ThatSaysNothingLearnsNothing) {
  FalseController squatter({.answers = false});
  for (const std::string& token : {std::string(), std::string(kToken)}) {
    const std::size_t before = squatter.hellos().size();
    (void)visit(squatter, token, [&] { return squatter.hellos().size() > before; });
  }
  EXPECT_EQ(squatter.hellos().size(), 2u);
  EXPECT_TRUE(squatter.proofs().empty());
  expect_nothing_learnt(squatter);
}

// A worker that has come to a false controller, which says of both ends what would permit everything.
class Liar : public ::testing::Test {
 protected:
  void begin(const wire::Identity& claimed, std::vector<std::string> more = {}) {
    liar_.emplace(Lies{.proofs = forged(), .of_node = claimed, .of_boss = claimed});
    std::vector<std::string> arguments{"--port", std::to_string(liar_->port()), "--name", "w"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    worker_.emplace(program("worker"), arguments);
    ASSERT_TRUE(liar_->until([&] { return liar_->callback_id("take_text") != 0; }));
  }
  // What becomes of a call that claims to be the boss's.
  base::Failure error_of(std::uint32_t callback, std::string_view arguments) {
    const auto heard = liar_->call(callback, arguments);
    if (!heard) return base::fail(ErrorCode::system, "no answer");
    EXPECT_EQ(heard->header.kind, wire::FrameKind::error) << wire::to_string(heard->header.kind);
    auto error = wire::decode_error(heard->payload);
    return error.ok() ? error->failure : error.failure();
  }
  std::string text_of(const std::string& name) {
    const auto heard = liar_->call(liar_->callback_id(name), "\x90\x80");
    return heard && heard->header.kind == wire::FrameKind::result ? std::string(base::as_text(heard->payload)) : "";
  }

  std::optional<FalseController> liar_;
  std::optional<Process> worker_;
};

// As a real controller would stamp whoever may have code run.
std::vector<wire::Identity> claims() {
  std::vector<wire::Identity> all;
  for (const auto kind : {wire::Identity::Kind::peercred, wire::Identity::Kind::cookie, wire::Identity::Kind::token,
                          wire::Identity::Kind::certificate}) {
    all.push_back({.kind = kind,
                   .uid = ::geteuid(),
                   .text = "host",
                   .over_tls = true,
                   .certificate = "boss",
                   .role = "operator"});
  }
  return all;
}

std::string module_bytes() {
  std::ifstream file(module_file("version_1"), std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  // What a sanitizer has made of it may not fit into one frame; it is to be refused before anybody looks at it.
  bytes.resize(std::min<std::size_t>(bytes.size(), 100'000));
  return bytes;
}

std::string code_of(const std::string& module) {
  Writer writer;
  rpc::CodeMessage message;
  message.kind = "elf";
  message.hash = base::sha256(base::as_bytes(module));
  message.function = "version";
  message.arguments = base::as_bytes("\x90\x80");
  message.code = base::as_bytes(module);
  rpc::write_code_message(writer, message);
  return std::string(base::as_text(writer.payload()));
}

TEST_F(Liar, AboutBothEndsHasNoCodeRun) {
  const std::string code = code_of(module_bytes());
  for (const auto& claimed : claims()) {
    for (const auto& more : {std::vector<std::string>{}, {"--allow-code", "1"}}) {
      begin(claimed, more);
      const auto error = error_of(static_cast<std::uint32_t>(rpc::SystemCallback::run_code), code);
      EXPECT_EQ(error.code, ErrorCode::not_permitted) << error.message;
      EXPECT_EQ(text_of("who"), "\xa1w") << "it serves plain calls as before";
    }
  }
}

TEST_F(Liar, AboutItsCallersRoleAndCertificateDoesNotOpenWhatNamesItsCallers) {
  for (const auto& claimed : claims()) {
    begin(claimed, {"--callers", "role:operator"});
    const auto heard = liar_->call(liar_->callback_id("guarded"), "\x90\x80");
    ASSERT_TRUE(heard);
    ASSERT_EQ(heard->header.kind, wire::FrameKind::refuse);
    const auto refused = wire::decode_returned(heard->payload);
    ASSERT_TRUE(refused.ok());
    EXPECT_EQ(refused->code, ErrorCode::not_permitted);
  }
}

// Arguments that are none: too deep, of more than there is, not UTF-8, with a key twice, cut off.
std::vector<std::string> no_arguments() {
  const std::string deep(10'000, '\x91');
  std::string deep_maps;
  for (int i = 0; i < 10'000; ++i) deep_maps += "\x81\xa1k";
  return {"",
          "\x91",
          "\xc1",
          "\x91" + deep + "\xc0\x80",
          "\x91" + deep_maps + "\xc0\x80",
          "\xdd\xff\xff\xff\xff\x80",
          "\x91\xdd\xff\xff\xff\xff\x80",
          "\x91\xdf\xff\xff\xff\xff\x80",
          "\x91\xdb\xff\xff\xff\xff\x80",
          "\x91\xc6\xff\xff\xff\xff\x80",
          "\x91\xc9\xff\xff\xff\xff\x80",
          "\x91\xa2\xc3\x28\x80",
          "\x90\x82\xa4text\xa1x\xa4text\xa1y",
          "\x90\x81\x01\xa1x",
          "\x91\xa1x\x80\xc0"};
}

TEST_F(Liar, ThatSendsWhatIsNoValueGetsATypedErrorAndNothingElseHappens) {
  begin({});
  for (const std::string name : {"echo", "scale"}) {
    for (const auto& arguments : no_arguments()) {
      const auto error = error_of(liar_->callback_id(name), arguments);
      EXPECT_EQ(error.code, ErrorCode::remote_arguments) << name << ": " << error.message;
    }
  }
  for (const auto id : {rpc::SystemCallback::schedule, rpc::SystemCallback::cancel_schedule,
                        rpc::SystemCallback::list_schedules, rpc::SystemCallback::run_code}) {
    for (const auto& arguments : no_arguments()) {
      const auto heard = liar_->call(static_cast<std::uint32_t>(id), arguments);
      ASSERT_TRUE(heard);
      EXPECT_NE(heard->header.kind, wire::FrameKind::result) << static_cast<std::uint32_t>(id);
    }
  }
  EXPECT_EQ(text_of("who"), "\xa1w");
  EXPECT_EQ(liar_->connections(), 1u) << "the connection is not to blame";
}

}  // namespace
}  // namespace daffi::tests
