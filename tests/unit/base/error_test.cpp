/// @file  Tests of the public exceptions and the table behind them.
#include "daffi/error.hpp"

#include <gtest/gtest.h>

#include "base/error_table.hpp"
#include "base/result.hpp"

namespace daffi {
namespace {

using base::fail;

TEST(Error, NumberOutsideTheTablePromisesNothing) {
  const Error error(static_cast<ErrorCode>(9999), "from the future");
  EXPECT_TRUE(error.may_have_run());
  EXPECT_FALSE(error.retryable());
  EXPECT_FALSE(base::error_code_of(9999));
  EXPECT_FALSE(base::error_code_of(0));
}

TEST(Error, EveryRowIsThrownAsItsClass) {
  for (const base::ErrorRow& row : base::error_rows()) {
    std::string thrown = "Error";
    try {
      base::throw_failure(fail(row.code, "text"));
    } catch (const RemoteCallError&) {
      thrown = "RemoteCallError";
    } catch (const UnableToFindCandidate&) {
      thrown = "UnableToFindCandidate";
    } catch (const RemoteStoppedUnexpectedly&) {
      thrown = "RemoteStoppedUnexpectedly";
    } catch (const InitializationError&) {
      thrown = "InitializationError";
    } catch (const GlobalContextError&) {
      thrown = "GlobalContextError";
    } catch (const TimeoutError&) {
      thrown = "TimeoutError";
    } catch (const CancelledError&) {
      thrown = "CancelledError";
    } catch (const NotPermittedError&) {
      thrown = "NotPermittedError";
    } catch (const TooLargeError&) {
      thrown = "TooLargeError";
    } catch (const BusyError&) {
      thrown = "BusyError";
    } catch (const ProtocolError&) {
      thrown = "ProtocolError";
    } catch (const Error&) {
    }
    EXPECT_EQ(thrown, row.class_name) << row.name;
  }
}

TEST(Error, CarriesWhatItsRowSays) {
  for (const base::ErrorRow& row : base::error_rows()) {
    const Error error(row.code, "text");
    EXPECT_EQ(error.code(), row.code);
    EXPECT_EQ(error.retryable(), row.retryable) << row.name;
    EXPECT_EQ(error.may_have_run(), row.may_have_run) << row.name;
    EXPECT_EQ(base::error_code_of(static_cast<std::uint16_t>(row.code)), row.code);
    EXPECT_FALSE(row.retryable && row.may_have_run) << row.name << ": a retry would not be safe";
  }
}

TEST(Error, RemoteIsThereOnlyWhenTheCallbackRaised) {
  const Error plain(ErrorCode::timeout, "too late");
  EXPECT_EQ(plain.remote(), nullptr);
  EXPECT_STREQ(plain.what(), "too late");
  const RemoteException raised{"ValueError", "no", "trace", "python", "shop"};
  const RemoteCallError error(ErrorCode::remote_error, "failed", std::make_shared<RemoteException>(raised));
  ASSERT_NE(error.remote(), nullptr);
  EXPECT_EQ(*error.remote(), raised);
}

TEST(Error, FailureSurvivesTheWayThroughAnException) {
  const RemoteException raised{"std::runtime_error", "no", "", "c++", "shop"};
  const base::Failure before{ErrorCode::remote_error, "failed", std::make_shared<RemoteException>(raised)};
  try {
    base::throw_failure(before);
  } catch (const Error& error) {
    const base::Failure after = base::failure_of(error);
    EXPECT_EQ(after.code, before.code);
    EXPECT_EQ(after.message, before.message);
    ASSERT_NE(after.remote, nullptr);
    EXPECT_EQ(*after.remote, raised);
  }
}

}  // namespace
}  // namespace daffi
