/// @file  Names that are nearly right: they reach nobody, and who meant another is told which there are.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daffi/testing.hpp"

namespace {

using daffi::ErrorCode;
using daffi::FG;

// Another case, another space, one letter less, one more, one from another alphabet, and what only a computer sees.
std::vector<std::string> near(const std::string& name) {
  std::string capital = name;
  capital[0] = static_cast<char>(capital[0] - 'a' + 'A');
  return {capital,
          name + " ",
          " " + name,
          name.substr(0, name.size() - 1),
          name + name.back(),
          name + "\n",
          name + std::string(1, '\0'),
          name + "\u200b",
          "\u0435" + name.substr(1)};
}

class NearMiss : public testing::Test {
 protected:
  NearMiss() {
    service.callback("restart", [this] { return ++runs; });
    cluster.settle();
  }
  template <typename Call>
  static ErrorCode thrown_by(Call call, const std::string& named) {
    try {
      call();
    } catch (const daffi::Error& error) {
      EXPECT_NE(error.message().find(named), std::string::npos) << error.message();
      EXPECT_FALSE(error.may_have_run());
      return error.code();
    }
    return {};
  }

  daffi::testing::Cluster cluster;
  daffi::Global& service = cluster.node("worker");
  daffi::Global& client = cluster.node("client");
  int runs = 0;
};

TEST_F(NearMiss, OfACallbackReachesNobodyAndIsToldWhatThereIs) {
  for (const auto& name : near("restart")) {
    EXPECT_EQ(thrown_by([&] { client.call(name) & FG{}; }, "restart"), ErrorCode::unknown_callback) << name;
  }
  EXPECT_EQ(runs, 0);
}

TEST_F(NearMiss, OfAProcessReachesNobodyAndIsToldWhichThereAre) {
  for (const auto& name : near("worker")) {
    EXPECT_EQ(thrown_by([&] { client.call("restart") & FG{.receiver = name}; }, "worker"), ErrorCode::unknown_receiver)
        << name;
  }
  EXPECT_EQ(runs, 0);
}

TEST_F(NearMiss, NamesThatAreNearlyTheSameAreTwo) {
  int others = 0;
  for (const auto& name : near("restart")) service.callback(name, [&others] { return ++others; });
  cluster.settle();
  client.call("restart") & FG{};
  EXPECT_EQ(others, 0);
  for (const auto& name : near("restart")) client.call(name) & FG{};
  EXPECT_EQ(others, 9);
  EXPECT_EQ(runs, 1);
}

}  // namespace
