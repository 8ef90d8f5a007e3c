/// @file  System callbacks: served by every process, announced by none; what their handlers know and may answer.
#include "rpc/system_callbacks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.hpp"
#include "controller/controller.hpp"
#include "net/memory.hpp"
#include "net/virtual_loop.hpp"
#include "node/node.hpp"
#include "rpc/inline_engine.hpp"

namespace daffi::node {
namespace {

using namespace std::chrono_literals;
using rpc::SystemCallback;
using testing::HasSubstr;

const std::vector<std::byte> kCookie(32, std::byte{7});

class SystemCallbacks : public testing::Test {
 protected:
  SystemCallbacks() {
    controller::Options options;
    options.secrets.cookie = kCookie;
    controller_ = std::make_unique<controller::Controller>(loop_, options, controller::Events{});
    hub_.listen([this](std::unique_ptr<net::Stream> stream) { controller_->adopt(std::move(stream)); });
  }

  std::unique_ptr<Node> node(const std::string& name, bool with_cookie = true, bool observer = false) {
    Options options;
    options.process_name = name;
    options.observer = observer;
    if (with_cookie) options.secrets.cookie = kCookie;
    auto node = std::make_unique<Node>(loop_, rpc::make_inline_engine(loop_, {}), hub_.connector(), options, Events{});
    node->add_system_callback(SystemCallback::run_code, "run_code",
                              [this](detail::Invocation& call, const rpc::Caller& caller) { serve_(call, caller); });
    EXPECT_TRUE(node->start().ok());
    loop_.advance(100ms);
    return node;
  }

  base::Result<std::string> call(Node& from, const std::string& process, SystemCallback id = SystemCallback::run_code) {
    detail::CallSpec spec;
    spec.name = "f";
    spec.receiver = process;
    spec.system_at_holder = process.empty();
    spec.system = static_cast<std::uint32_t>(id);
    spec.timeout = 60s;
    Writer arguments(detail::kCallHeadroom);
    arguments.text("ping");
    detail::Reply reply;
    auto done = from.call(spec, arguments, reply);
    if (!done.ok()) return done.failure();
    Reader reader(reply.bytes());
    std::string_view text;
    EXPECT_TRUE(reader.read_text(text));
    return std::string(text);
  }

  base::FakeClock clock_;
  net::VirtualLoop loop_{clock_};
  net::MemoryHub hub_{loop_};
  std::unique_ptr<controller::Controller> controller_;
  rpc::SystemHandler serve_ = [](detail::Invocation& call, const rpc::Caller& caller) {
    std::string_view text;
    EXPECT_TRUE(call.arguments().read_text(text));
    call.result().text(std::string(text) + " from " + caller.name);
  };
};

TEST_F(SystemCallbacks, AreServedThoughTheProcessHoldsNothing) {
  const auto a = node("a");
  const auto b = node("b");
  EXPECT_EQ(*call(*a, "b"), "ping from a");
  EXPECT_THAT(a->registered_callbacks().at("b"), testing::IsEmpty());
}

TEST_F(SystemCallbacks, AreServedToTheOwnProcessAndToObservers) {
  const auto a = node("a");
  EXPECT_EQ(*call(*a, "a"), "ping from a");
  const auto looker = node("looker", true, true);
  EXPECT_EQ(*call(*looker, "a"), "ping from looker");
}

TEST_F(SystemCallbacks, OfAnUnknownProcessEndAtOnce) {
  const auto a = node("a");
  const auto before = clock_.now();
  const auto result = call(*a, "nobody");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failure().code, ErrorCode::unknown_process);
  EXPECT_THAT(result.failure().message, HasSubstr("'nobody'"));
  EXPECT_EQ(clock_.now(), before);
}

TEST_F(SystemCallbacks, ThatAProcessDoesNotServeAreAnError) {
  const auto a = node("a");
  const auto b = node("b");
  const auto result = call(*a, "b", SystemCallback{0xFFFFFFFE});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failure().code, ErrorCode::no_candidate);
  EXPECT_THAT(result.failure().message, HasSubstr("serves no such system callback"));
}

TEST_F(SystemCallbacks, CodeIsTakenOfTheSameUserAndOfOneself) {
  const auto a = node("a");
  const auto b = node("b");
  const auto stranger = node("stranger", false);
  EXPECT_TRUE(a->runs_code_of("b"));
  EXPECT_TRUE(a->runs_code_of("a"));
  EXPECT_TRUE(stranger->runs_code_of("stranger"));
  EXPECT_FALSE(a->runs_code_of("stranger"));
  EXPECT_FALSE(stranger->runs_code_of("b"))
      << "its controller has proved nothing, so what it says of others is not believed";
  EXPECT_FALSE(a->runs_code_of("nobody"));
}

TEST_F(SystemCallbacks, KnowTheCallersVerifiedIdentity) {
  const auto a = node("a");
  const auto b = node("b");
  rpc::Caller seen;
  serve_ = [&](detail::Invocation& call, const rpc::Caller& caller) {
    seen = caller;
    call.result().text("");
  };
  ASSERT_TRUE(call(*a, "b").ok());
  EXPECT_EQ(seen.name, "a");
  EXPECT_EQ(seen.identity.kind, wire::Identity::Kind::cookie);
  EXPECT_EQ(seen.identity, *b->identity_of("a"));
  EXPECT_EQ(a->identity_of("nobody"), std::nullopt);
  ASSERT_TRUE(a->identity_of("a"));
}

TEST_F(SystemCallbacks, BelieveNoStampOfAControllerThatProvedNothing) {
  controller::Options options;
  controller_ = nullptr;
  controller_ = std::make_unique<controller::Controller>(loop_, options, controller::Events{});
  const auto a = node("a");
  const auto b = node("b");
  rpc::Caller seen;
  seen.identity.kind = wire::Identity::Kind::token;
  serve_ = [&](detail::Invocation& call, const rpc::Caller& caller) {
    seen = caller;
    call.result().text("");
  };
  ASSERT_TRUE(call(*a, "b").ok());
  EXPECT_EQ(seen.identity.kind, wire::Identity::Kind::none);
}

TEST_F(SystemCallbacks, RefuseWithTheirOwnCodeAndWords) {
  const auto a = node("a");
  const auto b = node("b");
  serve_ = [](detail::Invocation&, const rpc::Caller&) {
    throw rpc::SystemRefusal{base::fail(ErrorCode::not_permitted, "not you")};
  };
  auto result = call(*a, "b");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failure().code, ErrorCode::not_permitted);
  EXPECT_EQ(result.failure().message, "not you");
  serve_ = [](detail::Invocation&, const rpc::Caller&) { throw std::runtime_error("went wrong"); };
  result = call(*a, "b");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failure().code, ErrorCode::remote_error);
  EXPECT_EQ(result.failure().message, "Exception while processing function 'f' on remote executor [b]. went wrong");
}

// A saturated callee has not run the call: the rule for bounced frames.
TEST_F(SystemCallbacks, ThatHaveNoRoomSendTheCallToAnotherHolder) {
  const auto a = node("a");
  const auto b = node("b");
  const auto c = node("c");
  for (Node* holder : {b.get(), c.get()}) {
    detail::CallbackSpec spec;
    spec.name = "f";
    spec.handler = [](detail::Invocation&) { ADD_FAILURE() << "nobody called it"; };
    holder->add_callback(std::move(spec));
  }
  loop_.advance(100ms);
  int asked = 0;
  auto code = ErrorCode::busy;
  serve_ = [&](detail::Invocation& call, const rpc::Caller&) {
    if (++asked % 2 == 1) throw rpc::SystemRefusal{base::fail(code, "no room")};
    call.result().text("taken");
  };
  for (const auto reason : {ErrorCode::busy, ErrorCode::draining, ErrorCode::no_candidate}) {
    code = reason;
    asked = 0;
    EXPECT_EQ(*call(*a, ""), "taken");
    EXPECT_EQ(asked, 2);
  }
  code = ErrorCode::busy;
  asked = 0;
  const auto named = call(*a, "b");
  ASSERT_FALSE(named.ok());
  EXPECT_EQ(named.failure().code, ErrorCode::busy);
  EXPECT_THAT(named.failure().message, HasSubstr("no room"));
  EXPECT_EQ(asked, 1);
}

TEST_F(SystemCallbacks, ThatHaveNoRoomAnywhereSaySo) {
  const auto a = node("a");
  const auto b = node("b");
  detail::CallbackSpec spec;
  spec.name = "f";
  spec.handler = [](detail::Invocation&) {};
  b->add_callback(std::move(spec));
  loop_.advance(100ms);
  serve_ = [](detail::Invocation&, const rpc::Caller&) {
    throw rpc::SystemRefusal{base::fail(ErrorCode::busy, "no room")};
  };
  const auto result = call(*a, "");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failure().code, ErrorCode::busy);
}

TEST_F(SystemCallbacks, OfOneThatIsBusyAndOneThatStopsAreNotWaitedFor) {
  const auto a = node("a");
  const auto b = node("b");
  const auto c = node("c");
  for (Node* holder : {b.get(), c.get()}) {
    detail::CallbackSpec spec;
    spec.name = "f";
    spec.handler = [](detail::Invocation&) {};
    holder->add_callback(std::move(spec));
  }
  loop_.advance(100ms);
  // Whichever is asked first.
  for (const auto first : {ErrorCode::busy, ErrorCode::draining}) {
    const auto second = first == ErrorCode::busy ? ErrorCode::draining : ErrorCode::busy;
    int asked = 0;
    serve_ = [&](detail::Invocation&, const rpc::Caller&) {
      throw rpc::SystemRefusal{base::fail(asked++ == 0 ? first : second, "not now")};
    };
    const auto before = clock_.now();
    const auto result = call(*a, "");
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.failure().code, ErrorCode::busy);
    EXPECT_EQ(asked, 2);
    EXPECT_LT(clock_.now() - before, 1s);
  }
}

TEST_F(SystemCallbacks, MayAnswerLater) {
  const auto a = node("a");
  const auto b = node("b");
  net::Timer timer(loop_);
  std::exception_ptr refusal;
  serve_ = [&](detail::Invocation& call, const rpc::Caller&) {
    timer.after(10s, [&, responder = call.defer()] {
      if (refusal) return responder->fail(refusal);
      Writer result(detail::kResultHeadroom);
      result.text("late");
      responder->reply(result);
    });
  };
  const auto before = clock_.now();
  EXPECT_EQ(*call(*a, "b"), "late");
  EXPECT_EQ(clock_.now() - before, 10s);
  refusal = std::make_exception_ptr(rpc::SystemRefusal{base::fail(ErrorCode::too_large, "no room")});
  const auto result = call(*a, "b");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.failure().code, ErrorCode::too_large);
}

}  // namespace
}  // namespace daffi::node
