/// @file  transfer_and_call: code from one process to another, through the whole of both.
#include "daffi/transfer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "daffi/testing.hpp"
#include "support/process.hpp"

namespace {

using daffi::BG;
using daffi::ErrorCode;
using daffi::FG;
using daffi::Module;
using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::HasSubstr;

Module module_named(std::string_view name) { return Module::from_file(daffi::tests::module_file(name)); }

template <typename Call>
daffi::Error error_of(Call call) {
  try {
    call();
  } catch (const daffi::Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorCode::system, ""};
}

class Transfer : public testing::Test {
 protected:
  Transfer() { cluster_.settle(); }

  Cluster cluster_;
  daffi::Global& here_ = cluster_.node("here");
  daffi::Global& worker_ = cluster_.node("worker");
  const Module module_ = module_named("version_1");
};

TEST_F(Transfer, RunsAModuleThereAndSendsItOnce) {
  EXPECT_EQ(here_.transfer_and_call<int>("worker", module_, "version"), 1);
  const auto before = here_.stats().calls_sent;
  EXPECT_EQ(here_.transfer_and_call<int>("worker", module_, "version"), 1);
  EXPECT_EQ(here_.stats().calls_sent - before, 1u) << "the hash was enough";
}

TEST_F(Transfer, RunsTwoModulesOneAfterTheOther) {
  EXPECT_EQ(here_.transfer_and_call<int>("worker", module_, "version"), 1);
  EXPECT_EQ(here_.transfer_and_call<int>("worker", module_named("version_2"), "version"), 2);
}

TEST_F(Transfer, GivesAValueWhereNoTypeIsNamed) {
  const daffi::Value value = here_.transfer_and_call(FG{.timeout = 3s}, "worker", module_, "version");
  EXPECT_EQ(value, daffi::Value(1));
}

TEST_F(Transfer, RunsInTheBackground) {
  auto later = here_.transfer_and_call<int>(BG{.timeout = 3s}, "worker", module_, "version");
  EXPECT_EQ(later.get(), 1);
  EXPECT_FALSE(here_.transfer_and_call<int>(BG{.return_result = false}, "worker", module_, "version").valid());
}

TEST_F(Transfer, RunsInTheOwnProcess) { EXPECT_EQ(here_.transfer_and_call<int>("here", module_, "version"), 1); }

TEST_F(Transfer, SaysThatAProcessIsNotRunning) {
  const auto error = error_of([&] { here_.transfer_and_call("nobody", module_, "version"); });
  EXPECT_STREQ(error.what(), "Seems process 'nobody' is not running.");
  EXPECT_FALSE(error.may_have_run());
}

TEST_F(Transfer, SaysWhatAProcessCanRunInsteadOfPython) {
  const daffi::PythonSource source("def f():\n    return 1\n");
  const auto error = error_of([&] { here_.transfer_and_call("worker", source, "f"); });
  EXPECT_EQ(error.code(), ErrorCode::unusable_code);
  EXPECT_THAT(error.what(), HasSubstr("cannot run code of the kind 'python'; it can run elf: ELF shared objects for"));
}

TEST_F(Transfer, RefusesBytesThatAreNoModule) {
  const std::vector<std::byte> nonsense(100, std::byte{'x'});
  const auto error = error_of([&] { here_.transfer_and_call("worker", Module::from_bytes(nonsense), "f"); });
  EXPECT_EQ(error.code(), ErrorCode::unusable_code);
  EXPECT_THAT(error.what(), HasSubstr("no ELF file"));
}

TEST_F(Transfer, RefusesAModifierThatNamesAnotherProcess) {
  const auto error = error_of([&] { here_.transfer_and_call(FG{.receiver = "here"}, "worker", module_, "version"); });
  EXPECT_EQ(error.code(), ErrorCode::invalid_modifier);
}

TEST_F(Transfer, TellsResultsOfAnotherTypeApart) {
  const auto error = error_of([&] { here_.transfer_and_call<std::string>("worker", module_, "version"); });
  EXPECT_EQ(error.code(), ErrorCode::result_mismatch);
  EXPECT_THAT(error.what(), HasSubstr("'version' is not str"));
}

TEST_F(Transfer, TellsArgumentsThatDoNotFit) {
  const auto error = error_of([&] { here_.transfer_and_call("worker", module_, "version", 1); });
  EXPECT_EQ(error.code(), ErrorCode::remote_arguments);
  EXPECT_THAT(error.what(), HasSubstr("def version() -> int"));
}

TEST(Module, SaysWhichFileCannotBeRead) {
  const auto error = error_of([] { Module::from_file("no/such/module.so"); });
  EXPECT_EQ(error.code(), ErrorCode::initialization);
  EXPECT_THAT(error.what(), HasSubstr("no/such/module.so"));
}

TEST(Module, IsKnownByItsHash) {
  const auto empty = Module::from_bytes({});
  EXPECT_EQ(empty.hash(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(empty.kind(), "elf");
}

}  // namespace
