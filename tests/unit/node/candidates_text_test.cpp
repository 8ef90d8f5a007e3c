/// @file  Tests of the error texts that say what there is.
#include "node/candidates_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/node/directory_fixture.hpp"

namespace daffi::node {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(CandidatesText, SaysWhenThereIsNothing) {
  EXPECT_EQ(unknown_callback_text("f", {}, false),
            "Function 'f' is not found on any other process.\nNo available callbacks found on remotes");
  EXPECT_THAT(unknown_callback_text("f", {{"alpha", {}}}, false), HasSubstr("No available callbacks found on remotes"));
  EXPECT_EQ(unknown_receiver_text("p", "f", {}, false),
            "Process 'p' is not found.\nNo available callbacks found on remotes");
}

TEST(CandidatesText, ListsOneProcessPerParagraphInOrderOfRegistration) {
  EXPECT_EQ(unknown_callback_text("get_item", {{"shop", {"get_items", "add_item"}}, {"menu", {"a"}}}, false),
            "Function 'get_item' is not found on any other process. Did you mean 'get_items'?\n"
            "Available callbacks:\n"
            "process: shop\n"
            "  - [ get_items, add_item ]\n"
            "\n"
            "process: menu\n"
            "  - [ a ]");
}

TEST(CandidatesText, SaysThatOnlyThisProcessHasIt) {
  EXPECT_THAT(unknown_callback_text("f", {{"p", {"ff"}}}, true),
              StartsWith("Function 'f' is not found on any other process. This process has it, but is only chosen when "
                         "named as receiver.\n"));
}

TEST(CandidatesText, TellsAMissingProcessFromAMissingCallback) {
  const std::vector<Candidates> others{{"shop", {"get_items"}}, {"bar", {"get_drinks"}}};
  EXPECT_THAT(unknown_receiver_text("shopp", "get_items", others, false),
              StartsWith("Process 'shopp' is not found. Did you mean 'shop'?\n"));
  EXPECT_THAT(unknown_receiver_text("shop", "get_drinks", others, true),
              StartsWith("Process 'shop' has no function 'get_drinks'.\n"));
  EXPECT_THAT(unknown_receiver_text("shop", "get_itens", others, true),
              StartsWith("Process 'shop' has no function 'get_itens'. Did you mean 'get_items'?\n"));
}

TEST(CandidatesText, ShowsTheNearestProcessesWhenThereAreMany) {
  std::vector<Candidates> others;
  for (int i = 0; i < 500; ++i) others.push_back({"p" + std::to_string(i), {"something_else"}});
  others.push_back({"last", {"other", "get_items"}});
  const std::string text = unknown_callback_text("get_item", others, false);
  EXPECT_LE(std::ranges::count(text, '\n') + 1, 102) << "a hundred and the two before them";
  EXPECT_THAT(text, HasSubstr("Available callbacks:\nprocess: last\n  - [ other, get_items ]\n\nprocess: p0\n"));
  EXPECT_THAT(text, HasSubstr("... and 468 more processes"));
  const std::string receiver = unknown_receiver_text("p77", "get_item", others, true);
  EXPECT_THAT(receiver, HasSubstr("Available callbacks:\nprocess: p77\n"));
  EXPECT_THAT(unknown_receiver_text("p333x", "f", others, false), HasSubstr("Available callbacks:\nprocess: p333\n"));
}

TEST(CandidatesText, ShowsTheNearestNamesOfAProcessWithMany) {
  Candidates many{"p", {}};
  for (int i = 0; i < 4096; ++i) many.callbacks.push_back("callback_number_" + std::to_string(i));
  many.callbacks.push_back("sum");
  const std::string text = unknown_callback_text("summ", {many}, false);
  EXPECT_THAT(text, HasSubstr("  - [ sum, "));
  EXPECT_THAT(text, HasSubstr(", ... and 3997 more ]"));
}

TEST(CandidatesText, TheDirectoryLeavesOutItselfAndSuspendedMembers) {
  DirectoryTest test;
  ASSERT_TRUE(test.next(wire::MemberSuspended{3}));
  const std::string text = test.directory.unknown_callback_text("x");
  EXPECT_THAT(text, HasSubstr("process: alpha\n  - [ f, g ]"));
  EXPECT_THAT(text, Not(HasSubstr("beta")));
  EXPECT_THAT(text, Not(HasSubstr("process: me")));
  test.directory.set_own_callbacks({{"mine", nullptr}});
  EXPECT_THAT(test.directory.unknown_callback_text("mine"), HasSubstr("This process has it"));
  EXPECT_THAT(test.directory.unknown_receiver_text("me", "mind"),
              StartsWith("Process 'me' has no function 'mind'. Did you mean 'mine'?"));
  EXPECT_THAT(test.directory.unknown_receiver_text("gone", "f"), StartsWith("Process 'gone' is not found."));
}

}  // namespace
}  // namespace daffi::node
