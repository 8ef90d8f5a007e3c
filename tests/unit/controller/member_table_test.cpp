/// @file  MemberTable: ids that find their member, once.
#include "controller/member_table.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/fake_clock.hpp"
#include "net/virtual_loop.hpp"

namespace daffi::controller {
namespace {

struct Table {
  explicit Table(std::size_t max) : members(max) {}
  Member* add() { return members.add(std::make_unique<Member>(loop)); }
  base::FakeClock clock;
  net::VirtualLoop loop{clock};
  MemberTable members;
};

TEST(MemberTable, FindsNobodyUnderForeignIds) {
  Table table(4);
  for (const std::uint32_t id : {0u, 1u, 5u, 0xFFFFFFFFu}) EXPECT_EQ(table.members.find(id), nullptr);
  Member* member = table.add();
  EXPECT_EQ(member->id(), 1u);
  EXPECT_EQ(table.members.find(1), member);
  for (const std::uint32_t id : {0u, 2u, 5u, 9u}) EXPECT_EQ(table.members.find(id), nullptr);
}

TEST(MemberTable, RefusesMoreThanItsLimit) {
  Table table(3);
  Member* first = table.add();
  table.add();
  table.add();
  EXPECT_EQ(table.add(), nullptr);
  table.members.remove(*first);
  EXPECT_NE(table.add(), nullptr);
}

TEST(MemberTable, NeverGivesAnIdTwiceAndFindsNoneOfTheOld) {
  Table table(3);
  std::set<std::uint32_t> ids;
  for (int i = 0; i < 10'000; ++i) {
    Member* member = table.add();
    ASSERT_TRUE(ids.insert(member->id()).second);
    const std::uint32_t id = member->id();
    table.members.remove(*member);
    ASSERT_EQ(table.members.find(id), nullptr);
  }
  EXPECT_EQ(table.members.size(), 0u);
}

}  // namespace
}  // namespace daffi::controller
