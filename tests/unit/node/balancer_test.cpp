/// @file  Tests of the choice among several holders.
#include "node/balancer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "node/name_hash.hpp"

namespace daffi::node {
namespace {

using detail::Balance;
using testing::Each;
using testing::SizeIs;

struct Counts : PendingCounts {
  std::uint32_t pending_on(MemberId member) const override {
    const auto at = counts.find(member);
    return at == counts.end() ? 0 : at->second;
  }
  std::map<MemberId, std::uint32_t> counts;
};

std::vector<Holder> holders(MemberId count) {
  std::vector<Holder> out;
  for (MemberId id = 1; id <= count; ++id) {
    Holder holder;
    holder.member = id;
    holder.name_hash = name_hash("process " + std::to_string(id));
    out.push_back(holder);
  }
  return out;
}

detail::CallSpec call(std::string name = "f", std::string key = {}) {
  detail::CallSpec spec;
  spec.name = std::move(name);
  spec.key = std::move(key);
  return spec;
}

std::shared_ptr<const Signature> signature(std::size_t parameters) {
  Signature out;
  for (std::size_t i = 0; i < parameters; ++i) out.parameters.push_back({.name = "p" + std::to_string(i)});
  return std::make_shared<const Signature>(std::move(out));
}

constexpr Balance kModes[] = {Balance::unset, Balance::round_robin, Balance::random, Balance::least_pending,
                              Balance::sticky};

TEST(Balancer, NobodyToChooseFromIsNothing) {
  Balancer balancer;
  for (const Balance mode : kModes) {
    EXPECT_FALSE(balancer.choose({}, call("f", "k"), mode, {}, Counts{}).has_value());
    EXPECT_FALSE(balancer.choose(holders(2), call("f", "k"), mode, {2, 1}, Counts{}).has_value());
  }
}

TEST(Balancer, NeverChoosesTriedSuspendedOrDrainingHolders) {
  Balancer balancer;
  std::vector<Holder> five = holders(5);
  five[0].suspended = true;
  five[2].draining = true;
  for (const Balance mode : kModes) {
    std::set<std::size_t> chosen;
    for (int i = 0; i < 100; ++i) {
      chosen.insert(*balancer.choose(five, call("f", "key " + std::to_string(i)), mode, {4}, Counts{}));
    }
    EXPECT_THAT(chosen, testing::IsSubsetOf({1, 4}));
  }
  five[1].draining = five[4].suspended = true;
  EXPECT_FALSE(balancer.choose(five, call(), Balance::random, {4}, Counts{}).has_value());
}

TEST(Balancer, OfDifferentSignaturesOnlyThoseThatAccept) {
  Balancer balancer;
  std::vector<Holder> four = holders(4);
  four[0].signature = four[1].signature = signature(1);
  four[2].signature = signature(2);
  four[3].signature = nullptr;  // cannot be checked
  detail::CallSpec spec = call("f", "k");
  spec.positional = 2;
  for (const Balance mode : kModes) {
    for (int i = 0; i < 20; ++i) EXPECT_GE(*balancer.choose(four, spec, mode, {}, Counts{}), 2u);
  }
  spec.positional = 0;
  spec.keywords = {"p0"};
  for (int i = 0; i < 20; ++i) EXPECT_NE(*balancer.choose(four, spec, Balance::random, {}, Counts{}), 2u);
}

TEST(Balancer, WhereNoSignatureAcceptsAnyIsChosenSoThatTheMistakeIsNamed) {
  Balancer balancer;
  std::vector<Holder> two = holders(2);
  two[0].signature = signature(1);
  two[1].signature = signature(2);
  detail::CallSpec spec = call();
  spec.positional = 7;
  EXPECT_TRUE(balancer.choose(two, spec, Balance::round_robin, {}, Counts{}).has_value());
}

TEST(Balancer, RoundRobinTakesTurnsPerCallback) {
  Balancer balancer;
  const std::vector<Holder> three = holders(3);
  std::map<std::size_t, int> f, g;
  for (int i = 0; i < 30; ++i) {
    ++f[*balancer.choose(three, call("f"), Balance::round_robin, {}, Counts{})];
    ++g[*balancer.choose(three, call("g"), Balance::unset, {}, Counts{})];
  }
  EXPECT_THAT(f, SizeIs(3));
  EXPECT_THAT(f, Each(testing::Pair(testing::_, 10)));
  EXPECT_THAT(g, Each(testing::Pair(testing::_, 10)));
}

TEST(Balancer, RoundRobinStartsAnywhere) {
  const std::vector<Holder> many = holders(1000);
  std::set<std::size_t> starts;
  for (int i = 0; i < 20; ++i) {
    Balancer balancer;
    starts.insert(*balancer.choose(many, call(), Balance::round_robin, {}, Counts{}));
  }
  EXPECT_GT(starts.size(), 5u);
}

TEST(Balancer, MoreNamesThanItsTableAreStillSpread) {
  Balancer balancer;
  const std::vector<Holder> two = holders(2);
  std::map<std::size_t, int> chosen;
  for (int i = 0; i < 5000; ++i) {
    ++chosen[*balancer.choose(two, call("callback " + std::to_string(i)), Balance::round_robin, {}, Counts{})];
  }
  EXPECT_GT(chosen[0], 2000);
  EXPECT_GT(chosen[1], 2000);
}

TEST(Balancer, RandomReachesEverybody) {
  Balancer balancer;
  const std::vector<Holder> five = holders(5);
  std::map<std::size_t, int> chosen;
  for (int i = 0; i < 5000; ++i) ++chosen[*balancer.choose(five, call(), Balance::random, {}, Counts{})];
  EXPECT_THAT(chosen, SizeIs(5));
  for (const auto& [index, count] : chosen) EXPECT_GT(count, 700);
}

TEST(Balancer, LeastPendingTakesTheIdlestAndTurnsAmongEquals) {
  Balancer balancer;
  const std::vector<Holder> three = holders(3);
  Counts counts;
  counts.counts = {{1, 4}, {2, 1}, {3, 9}};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(balancer.choose(three, call(), Balance::least_pending, {}, counts), 1u);
  EXPECT_EQ(balancer.choose(three, call(), Balance::least_pending, {2}, counts), 0u);
  counts.counts = {{3, 1}};
  std::set<std::size_t> chosen;
  for (int i = 0; i < 6; ++i) chosen.insert(*balancer.choose(three, call(), Balance::least_pending, {}, counts));
  EXPECT_THAT(chosen, testing::ElementsAre(0, 1));
}

TEST(Balancer, StickyKeepsItsProcessWhenOthersComeAndGo) {
  Balancer one, other;
  const std::vector<Holder> five = holders(5);
  std::vector<Holder> four = five;
  four.erase(four.begin() + 2);
  int moved = 0;
  std::set<MemberId> used;
  for (int i = 0; i < 500; ++i) {
    const detail::CallSpec spec = call("f", "user " + std::to_string(i));
    const MemberId before = five[*one.choose(five, spec, Balance::sticky, {}, Counts{})].member;
    EXPECT_EQ(five[*other.choose(five, spec, Balance::sticky, {}, Counts{})].member, before) << "in every caller";
    const MemberId after = four[*one.choose(four, spec, Balance::sticky, {}, Counts{})].member;
    used.insert(before);
    if (before != after) {
      EXPECT_EQ(before, 3u) << "only who was there has to move";
      ++moved;
    }
  }
  EXPECT_THAT(used, SizeIs(5));
  EXPECT_GT(moved, 50);
}

TEST(Balancer, StickyKeepsARestartedProcess) {
  Balancer balancer;
  std::vector<Holder> three = holders(3);
  const detail::CallSpec spec = call("f", "somebody");
  const std::size_t before = *balancer.choose(three, spec, Balance::sticky, {}, Counts{});
  const std::uint64_t name = three[before].name_hash;
  three[before].member = 77;  // the same name under a new number
  std::ranges::sort(three, {}, &Holder::member);
  EXPECT_EQ(three[*balancer.choose(three, spec, Balance::sticky, {}, Counts{})].name_hash, name);
}

TEST(Balancer, StickyWithoutAKeyTakesTurns) {
  Balancer balancer;
  std::set<std::size_t> chosen;
  for (int i = 0; i < 3; ++i) chosen.insert(*balancer.choose(holders(3), call(), Balance::sticky, {}, Counts{}));
  EXPECT_THAT(chosen, SizeIs(3));
}

}  // namespace
}  // namespace daffi::node
