/// @file  The checker finds every kind of broken promise in ledgers made for it, and nothing in good ones.
#include "faults/checker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "faults/ledger.hpp"
#include "support/process.hpp"

namespace daffi::tests {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Checker : ::testing::Test {
  void write(const std::string& name, const std::string& lines, const std::string& end = "quit\n") {
    std::ofstream(folder.path() / (name + ".ledger")) << "born " << name << "\n" << lines << end;
  }
  // A caller with one call, and a callee that has run it `runs` times.
  void write_call(const std::string& end, int runs, const std::string& kind = "unary 0") {
    write("caller.1", "call a 1000000000 5000 " + kind + "\n" + end);
    std::string lines;
    for (int i = 0; i < runs; ++i) lines += "run a 1500000000\n";
    write("callee.2", lines);
  }
  Verdict verdict(CheckOptions options = {.slack = 1s}) { return check_ledgers(folder.path(), options); }
  void expect_broken(const std::string& what) { EXPECT_THAT(verdict().broken, ElementsAre(HasSubstr(what))); }

  TemporaryFolder folder;
};

TEST_F(Checker, FindsNothingInACallThatRanOnceAndEndedWell) {
  write_call("end a 2000000000 0 1\n", 1);
  const auto found = verdict();
  EXPECT_THAT(found.broken, IsEmpty());
  EXPECT_EQ(found.processes, 2u);
  EXPECT_EQ(found.calls, 1u);
  EXPECT_EQ(found.succeeded, 1u);
  EXPECT_EQ(found.executions, 1u);
  EXPECT_EQ(found.lost + found.doubled + found.overdue, 0u);
}

TEST_F(Checker, FindsAnExecutionTooMany) {
  write_call("end a 2000000000 0 1\n", 2);
  EXPECT_EQ(verdict().doubled, 1u);
  expect_broken("executed 2 times");
}

TEST_F(Checker, FindsAResultThatNobodyExecuted) {
  write_call("end a 2000000000 0 1\n", 0);
  EXPECT_EQ(verdict().lost, 1u);
  expect_broken("nobody executed it");
}

TEST_F(Checker, FindsACallWithoutAnOutcome) {
  write_call("", 1);
  EXPECT_EQ(verdict().lost, 1u);
  expect_broken("no outcome");
}

TEST_F(Checker, FindsACallWithTwoOutcomes) {
  write_call("end a 2000000000 13 1\nend a 2000000001 0 1\n", 1);
  EXPECT_EQ(verdict().doubled, 1u);
  expect_broken("2 outcomes");
}

TEST_F(Checker, FindsAnExecutionOfWhatCertainlyDidNotRun) {
  write_call("end a 1100000000 26 0\n", 1);
  expect_broken("certainly not run");
}

TEST_F(Checker, AcceptsAnErrorThatSaysWhetherItRan) {
  write_call("end a 2000000000 17 0\n", 0);
  EXPECT_THAT(verdict().broken, IsEmpty());
  EXPECT_EQ(verdict().certainly_not_run, 1u);
  write_call("end a 2000000000 16 1\n", 1);
  EXPECT_THAT(verdict().broken, IsEmpty());
  EXPECT_EQ(verdict().errors.at(16), 1u);
}

TEST_F(Checker, FindsACallThatEndsLongAfterItsTimeout) {
  write_call("end a 7100000000 13 1\n", 1);
  EXPECT_EQ(verdict().overdue, 1u);
  expect_broken("6100 ms");
  EXPECT_EQ(verdict({.slack = 2s}).overdue, 0u);
}

TEST_F(Checker, FindsAnExecutionOfWhatNobodySent) {
  write("callee.2", "run b 1\n");
  expect_broken("never sent");
  EXPECT_EQ(verdict().calls, 0u);
}

TEST_F(Checker, FindsOneIdSentTwice) {
  write_call("call a 1000000000 5000 unary 0\nend a 2000000000 0 1\n", 1);
  expect_broken("sent twice");
}

TEST_F(Checker, ExcusesAKilledCallerAndNobodyElse) {
  write("caller.1", "call a 1 0 unary 0\n", "");
  EXPECT_THAT(verdict({.killed = {"caller.1"}}).broken, IsEmpty());
  EXPECT_EQ(verdict({.killed = {"caller.1"}}).excused, 1u);
  EXPECT_EQ(verdict({.killed = {"caller.1"}}).lost, 0u);
  // Another of that name, and another of that number.
  EXPECT_EQ(verdict({.killed = {"caller.2"}}).lost, 1u);
  EXPECT_EQ(verdict({.killed = {"other.1"}}).lost, 1u);
  EXPECT_THAT(verdict({.killed = {"caller.2"}}).broken, ::testing::Contains(HasSubstr("did not end in order")));
}

TEST_F(Checker, FindsItemsThatAreMissingRepeatedOrOutOfOrder) {
  const auto items = [&](const std::string& lines) { write_call(lines + "end a 2000000000 0 1\n", 1, "stream 3"); };
  items("item a 0\nitem a 1\nitem a 2\n");
  EXPECT_THAT(verdict().broken, IsEmpty());
  EXPECT_EQ(verdict().items, 3u);
  items("item a 0\nitem a 2\n");
  expect_broken("item 2 came to caller.1 where 1 was due");
  items("item a 0\nitem a 1\nitem a 1\nitem a 2\n");
  expect_broken("item 1 came to caller.1 where 2 was due");
  EXPECT_EQ(verdict().doubled, 1u);
  items("item a 0\nitem a 1\n");
  expect_broken("2 of 3 items");
  items("");
  expect_broken("without its items");
}

TEST_F(Checker, AcceptsTheBeginningOfAStreamThatBroke) {
  write_call("item a 0\nitem a 1\nend a 2000000000 16 1\n", 1, "stream 3");
  EXPECT_THAT(verdict().broken, IsEmpty());
}

TEST_F(Checker, JudgesTheItemsOfAFeedAtEachReceiver) {
  write("caller.1", "call a 1000000000 5000 feed 2\nend a 2000000000 0 1\n");
  write("one.2", "item a 0\nitem a 1\n");
  write("two.3", "item a 0\nitem a 1\n");
  EXPECT_THAT(verdict().broken, IsEmpty());
  write("two.3", "item a 0\n");
  expect_broken("1 of 2 items");
}

TEST_F(Checker, FindsItemsOfAFeedThatCertainlyDidNotRun) {
  write("caller.1", "call a 1000000000 5000 feed 2\nend a 2000000000 17 0\n");
  write("one.2", "item a 0\n");
  expect_broken("certainly not run");
}

TEST_F(Checker, FindsRecordsThatAreNone) {
  write("caller.1", "call a\n");
  EXPECT_THAT(verdict().broken, ::testing::Contains(HasSubstr("line 2 is no record")));
  write("caller.1", "what is this\n");
  EXPECT_THAT(verdict().broken, ::testing::Contains(HasSubstr("line 2 is no record")));
  std::ofstream(folder.path() / "caller.1.ledger").close();
  EXPECT_THAT(verdict().broken, ::testing::Contains(HasSubstr("is empty")));
}

TEST_F(Checker, ExcusesALastLineThatAKilledProcessCouldNotEnd) {
  write("caller.1", "", "call a 1 0 un");
  EXPECT_THAT(verdict({.killed = {"caller.1"}}).broken, IsEmpty());
  EXPECT_THAT(verdict().broken, ::testing::Contains(HasSubstr("is no record")));
}

TEST_F(Checker, ReadsWhatALedgerWrites) {
  {
    Ledger ledger(folder.path(), "one");
    ledger.sent("a", CallKind::unary, 5s);
    ledger.executed("a");
    ledger.succeeded("a");
    ledger.sent("b", CallKind::stream, 0s, 2);
    ledger.executed("b");
    ledger.item("b", 0);
    ledger.failed("b", 16, true);
    ledger.sent("c", CallKind::feed, 0s, 2);
    ledger.failed("c", 17, false);
    ledger.closed();
  }
  const auto found = verdict();
  EXPECT_THAT(found.broken, IsEmpty());
  EXPECT_EQ(found.calls, 3u);
  EXPECT_EQ(found.certainly_not_run, 1u);
  EXPECT_EQ(found.items, 1u);
}

}  // namespace
}  // namespace daffi::tests
