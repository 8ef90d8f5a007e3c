/// @file  Three processes and a client, for the tests of broadcasts.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "daffi/testing.hpp"

namespace broadcasts {

using daffi::BG;
using daffi::BROADCAST;
using daffi::ErrorCode;
using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;

template <typename Call>
std::optional<daffi::Error> error_of(Call call) {
  try {
    (void)call();
  } catch (const daffi::Error& error) {
    return error;
  }
  return std::nullopt;
}

struct BroadcastTest : testing::Test {
  Cluster cluster;
  daffi::Global& a = cluster.node("a");
  daffi::Global& b = cluster.node("b");
  daffi::Global& c = cluster.node("c");
  daffi::Global& client = cluster.node("client");

  /// `name` at all three, with the process's own `answer`.
  template <typename Answer>
  void everywhere(const std::string& name, Answer answer) {
    for (daffi::Global* g : {&a, &b, &c}) g->callback(name, [g, answer] { return answer(g->process_name()); });
    cluster.settle();
  }
  /// A callback that ends with 1, or when it is told to stop with 2.
  daffi::Task<int> hang(daffi::CallContext context) {
    stops.push_back(context.stop_token());
    try {
      co_await cluster.node("c").wait_process_async("nobody", 20s);
    } catch (const daffi::Error&) {
    }
    co_return 1;
  }
  void hangs_at(daffi::Global& g) {
    g.callback("f", [this](daffi::CallContext& context) -> daffi::Task<int> { return hang(context); });
  }

  std::vector<std::stop_token> stops;
  daffi::Fetch<int(), BROADCAST> f{client, "f"};
};

}  // namespace broadcasts
