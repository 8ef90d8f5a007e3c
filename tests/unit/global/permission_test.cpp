/// @file  Callbacks that name their callers, through the whole system.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daffi/testing.hpp"

namespace {

using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

int restarts = 0;
int restart(int times) {
  restarts += times;
  return restarts;
}

template <typename Action>
daffi::ErrorCode code_of(Action action) {
  try {
    action();
  } catch (const daffi::Error& error) {
    EXPECT_FALSE(error.may_have_run()) << error.what();
    return error.code();
  }
  return daffi::ErrorCode{};
}

class Callers : public ::testing::Test {
 protected:
  Callers() {
    restarts = 0;
    service.callback<&restart>(daffi::params("times"), daffi::callers("role:operator", "certificate:console"));
    service.callback("open", [] { return 1; });
    cluster.settle();
  }
  static daffi::GlobalOptions with(std::string token) {
    daffi::GlobalOptions options;
    options.token = std::move(token);
    return options;
  }

  Cluster cluster{daffi::GlobalOptions{.token = "all", .token_roles = {{"operator", "op"}, {"viewer", "view"}}}};
  daffi::Global& service = cluster.node("service");
  daffi::Global& viewer = cluster.node("viewer", with("view"));
  daffi::Global& chief = cluster.node("chief", with("op"));
};

TEST_F(Callers, TheNamedMayCall) { EXPECT_EQ(daffi::Fetch<int(int)>(chief, "restart")(2), 2); }

TEST_F(Callers, OthersAreToldThatTheyMayNot) {
  const daffi::Fetch<int(int)> fetch(viewer, "restart");
  EXPECT_EQ(code_of([&] { fetch(1); }), daffi::ErrorCode::not_permitted);
  EXPECT_EQ(code_of([&] { fetch.call(daffi::FG{.receiver = "service"}, 1); }), daffi::ErrorCode::not_permitted);
  EXPECT_EQ(code_of([&] { fetch.call(daffi::BG{}, 1).get(); }), daffi::ErrorCode::not_permitted);
  EXPECT_EQ(code_of([&] { fetch.call(daffi::BROADCAST{}, 1); }), daffi::ErrorCode::not_permitted);
  EXPECT_THROW(fetch(1), daffi::NotPermittedError);
  EXPECT_EQ(restarts, 0);
}

TEST_F(Callers, OthersDoNotSeeIt) {
  EXPECT_THAT(viewer.registered_callbacks().at("service"), ElementsAre("open"));
  EXPECT_THAT(chief.registered_callbacks().at("service"), ElementsAre("restart", "open"));
  EXPECT_EQ(code_of([&] { viewer.wait_function("restart", 1s); }), daffi::ErrorCode::wait_timeout);
  EXPECT_EQ(code_of([&] { (void)viewer.documentation("service", "restart"); }),
            code_of([&] { (void)viewer.documentation("service", "nothing of that name"); }));
  // Not even as what a slip of the pen might have meant.
  try {
    viewer.call("restar", 1) & daffi::FG{};
    ADD_FAILURE();
  } catch (const daffi::Error& error) {
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("restart")));
  }
}

TEST_F(Callers, WhoMayCallSeesWhoElseMay) {
  for (const auto* global : {&chief, &service}) {
    for (const auto& member : global->members()) {
      if (member.process_name != "service") continue;
      ASSERT_EQ(member.callbacks.size(), 2u);
      EXPECT_THAT(member.callbacks[0].callers, ElementsAre("role:operator", "certificate:console"));
      EXPECT_TRUE(member.callbacks[1].callers.empty());
    }
  }
}

TEST_F(Callers, ItsOwnProcessMayCallIt) {
  EXPECT_EQ(daffi::Fetch<int(int)>(service, "restart").call(daffi::FG{.receiver = "service"}, 5), 5);
}

TEST_F(Callers, WhoeverMayNotCallMayNotHaveItCalled) {
  const daffi::Fetch<void(int)> fetch(viewer, "restart");
  EXPECT_EQ(code_of([&] { (void)fetch.call(daffi::PERIOD{.interval = "1s"}, 1); }), daffi::ErrorCode::not_permitted);
  (void)daffi::Fetch<void(int)>(chief, "restart").call(daffi::PERIOD{.interval = "1s"}, 1);
  cluster.advance(3500ms);
  EXPECT_EQ(restarts, 3);
}

TEST_F(Callers, ATaskOfOneWhoMayNotCallAnyMoreDoesNotRun) {
  service.callback("watched", [] { ++restarts; });
  cluster.settle();
  (void)daffi::Fetch<void()>(viewer, "watched").call(daffi::PERIOD{.interval = "1s"});
  cluster.advance(1500ms);
  EXPECT_EQ(restarts, 1);
  service.callback(
      "watched", [] { ++restarts; }, daffi::callers("role:operator"));
  cluster.advance(3s);
  EXPECT_EQ(restarts, 1);
}

TEST_F(Callers, AnotherHolderThatIsOpenIsTaken) {
  auto& open = cluster.node("open service");
  open.callback("restart", [](int) { return -1; });
  cluster.settle();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(daffi::Fetch<int(int)>(viewer, "restart")(1), -1);
}

TEST_F(Callers, PermissionsHoldAfterALossOfTheController) {
  cluster.stop_controller();
  cluster.advance(1s);
  cluster.start_controller();
  cluster.advance(5s);
  EXPECT_EQ(code_of([&] { daffi::Fetch<int(int)>(viewer, "restart")(1); }), daffi::ErrorCode::not_permitted);
  EXPECT_EQ(daffi::Fetch<int(int)>(chief, "restart")(1), 1);
}

TEST_F(Callers, AStreamIsRefusedLikeACall) {
  service.callback(
      "secrets", []() -> daffi::Generator<int> { co_yield 1; }, daffi::callers("role:operator"));
  cluster.settle();
  EXPECT_EQ(code_of([&] {
              for (const int item : daffi::Fetch<daffi::Stream<int>()>(viewer, "secrets")()) (void)item;
            }),
            daffi::ErrorCode::not_permitted);
}

TEST_F(Callers, AListThatNamesNobodyIsRefusedAtRegistration) {
  EXPECT_EQ(code_of([&] {
              service.callback(
                  "f", [] {}, daffi::callers());
            }),
            daffi::ErrorCode::initialization);
  EXPECT_EQ(code_of([&] {
              service.callback(
                  "f", [] {}, daffi::callers("everybody"));
            }),
            daffi::ErrorCode::initialization);
}

}  // namespace
