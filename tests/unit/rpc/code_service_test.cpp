/// @file  Who may have code run, and what is run: judged before a byte of the code is looked at.
#include "rpc/code_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rpc/code_message.hpp"
#include "unit/rpc/module_fixture.hpp"

namespace daffi::rpc {
namespace {

using testing::HasSubstr;
using wire::Identity;
using Kind = Identity::Kind;

const Identity here{Kind::cookie, 1000, "127.0.0.1"};
const Identity also_here{Kind::peercred, 1000, "unix"};
const Identity other_user{Kind::peercred, 1001, "unix"};
const Identity stranger{Kind::none, Identity::kNoUid, "10.0.0.1"};
const Identity token{Kind::token, Identity::kNoUid, "10.0.0.1"};
const Identity certified{Kind::certificate, Identity::kNoUid, "node-1"};
const Identity certified_other_user{Kind::peercred, 1001, "unix", true};

class Recorder final : public CodeRunner {
 public:
  std::string what() const override { return "whatever it is given"; }
  void run(const CodeCall& call, detail::Invocation& invocation) override {
    functions.emplace_back(call.function);
    invocation.result().nil();
  }
  std::vector<std::string> functions;
};

class Code : public testing::Test {
 protected:
  CodeService service(const Identity& own, bool allow_code = false) {
    return CodeService({"worker", allow_code, [own] { return own; }});
  }
  std::vector<std::byte> request(std::string_view kind = "any") {
    const auto given = arguments_of(1);
    Writer writer;
    write_code_message(writer, {kind, base::sha256(given), "f", given, std::nullopt});
    return {writer.payload().begin(), writer.payload().end()};
  }
  // Nothing, or why not.
  std::optional<base::Failure> serve(CodeService& service, const Identity& sender, std::vector<std::byte> bytes) {
    service.add_runner("any", runner_);
    FakeInvocation invocation(std::move(bytes));
    try {
      service.serve(invocation, {7, "sender", sender});
    } catch (const SystemRefusal& refusal) {
      return refusal.failure;
    }
    return std::nullopt;
  }

  std::shared_ptr<Recorder> runner_ = std::make_shared<Recorder>();
};

TEST_F(Code, RunsForTheSameUserOfTheHost) {
  auto service = this->service(here);
  EXPECT_FALSE(serve(service, also_here, request()));
  EXPECT_FALSE(serve(service, here, request()));
  EXPECT_THAT(runner_->functions, testing::ElementsAre("f", "f"));
}

TEST_F(Code, RunsForACertificateOnlyWhereThatIsAllowed) {
  auto closed = service(here), open = service(here, true);
  EXPECT_TRUE(serve(closed, certified, request()));
  EXPECT_TRUE(serve(closed, certified_other_user, request()));
  EXPECT_FALSE(serve(open, certified, request()));
  EXPECT_FALSE(serve(open, certified_other_user, request()));
}

TEST_F(Code, IsRefusedToEverybodyElseBeforeItIsLookedAt) {
  for (const Identity& own : {here, stranger, token, certified}) {
    for (const bool allow_code : {false, true}) {
      auto service = this->service(own, allow_code);
      for (const Identity& sender : {stranger, token, other_user}) {
        const auto failure = serve(service, sender, std::vector<std::byte>(9, std::byte{0xc1}));
        ASSERT_TRUE(failure);
        EXPECT_EQ(failure->code, ErrorCode::not_permitted);
        EXPECT_THAT(failure->message, HasSubstr("'worker' does not run code sent by 'sender'"));
      }
    }
  }
  EXPECT_TRUE(runner_->functions.empty());
}

TEST_F(Code, IsNotRunOnAUserNumberThatNobodyVerified) {
  const Identity claims{Kind::token, 1000, "here"}, empty{Kind::none, 1000, "here"};
  auto service = this->service(here);
  EXPECT_EQ(serve(service, claims, request())->code, ErrorCode::not_permitted);
  EXPECT_EQ(serve(service, empty, request())->code, ErrorCode::not_permitted);
  auto nobody = this->service(stranger);
  EXPECT_EQ(serve(nobody, here, request())->code, ErrorCode::not_permitted) << "the receiver is not verified itself";
}

TEST_F(Code, OfAKindWithoutARunnerIsRefusedWithWhatCanBeRun) {
  auto service = this->service(here);
  const auto failure = serve(service, here, request("python"));
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code, ErrorCode::unusable_code);
  EXPECT_THAT(failure->message,
              HasSubstr("cannot run code of the kind 'python'; it can run any: whatever it is given"));
}

TEST_F(Code, ThatCannotBeReadIsMalformed) {
  auto service = this->service(here);
  const auto whole = request();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto failure = serve(service, here, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    ASSERT_TRUE(failure) << size;
    EXPECT_EQ(failure->code, ErrorCode::malformed);
  }
  EXPECT_TRUE(runner_->functions.empty());
}

TEST(CodeMessage, SaysTheSameAfterItsJourney) {
  const auto given = arguments_of(1, kw("b", 2));
  const std::vector<std::byte> code(300, std::byte{7});
  for (const bool with_code : {false, true}) {
    CodeMessage message{"elf", base::sha256(code), "f", given, {}};
    if (with_code) message.code = code;
    Writer writer;
    write_code_message(writer, message);
    Reader reader(writer.payload());
    const auto read = read_code_message(reader);
    ASSERT_TRUE(read.ok()) << read.failure().message;
    EXPECT_EQ(read->kind, "elf");
    EXPECT_EQ(read->hash, message.hash);
    EXPECT_EQ(read->function, "f");
    EXPECT_TRUE(std::ranges::equal(read->arguments, given));
    EXPECT_EQ(read->code.has_value(), with_code);
    EXPECT_TRUE(!with_code || std::ranges::equal(*read->code, code));
  }
}

}  // namespace
}  // namespace daffi::rpc
